import {
  AgentError,
  type Configuration,
  configureService,
  type Finding,
  isHost,
  isReference,
  owedRestarts,
  parseNetwork,
  register,
  renderTemplate,
  type ServiceParams,
} from "kanod-configure";

type Ntp = NonNullable<Configuration["ntp"]>;

/** Paths and unit names of chrony by distribution, told apart by the folder that only Debian's package has. */
const debian = {
  unit: "chrony.service",
  config: "/etc/chrony/chrony.conf",
  keyfile: "/etc/chrony/chrony.keys",
  driftfile: "/var/lib/chrony/chrony.drift",
};
const others = {
  unit: "chronyd.service",
  config: "/etc/chrony.conf",
  keyfile: "/etc/chrony.keys",
  driftfile: "/var/lib/chrony/drift",
};

register(
  "NTP",
  100,
  async (params) => {
    const { conf, host, log } = params;
    if (conf.ntp === undefined) return;
    const isChrony = (await host.stat("/usr/sbin/chronyd")) !== undefined;
    const done = isChrony ? await configureChrony(params, conf.ntp) : await configureTimesyncd(params, conf.ntp);
    log.info(done);
  },
  { check: ({ conf }) => findings(conf), owed: owedRestarts },
);

function findings({ ntp }: Configuration): Finding[] {
  if (ntp === undefined) return [];
  const wrong = (
    key: "servers" | "pools" | "clients",
    isRight: (text: string) => boolean,
    message: string,
  ): Finding[] =>
    (ntp[key] ?? []).flatMap((text, index) => {
      if (isReference(text) || isRight(text)) return [];
      return [{ severity: "error", code: `bad-ntp-${key}`, pointer: `/ntp/${key}/${index}`, message }];
    });
  return [
    ...wrong("servers", isHost, "this is neither a host name nor an address"),
    ...wrong("pools", isHost, "this is neither a host name nor an address"),
    ...wrong("clients", (text) => parseNetwork(text) !== undefined, "this is neither an address nor ADDRESS/BITS"),
    ...(ntp.servers?.length || ntp.pools?.length ? [] : [noSource]),
  ];
}

const noSource: Finding = {
  severity: "warning",
  code: "no-time-source",
  pointer: "/ntp",
  atKey: true,
  message: "the machine gets its time from nowhere: ntp names neither servers nor pools",
};

async function configureChrony(params: ServiceParams, ntp: Ntp): Promise<string> {
  const distribution = (await params.host.stat("/etc/chrony")) === undefined ? others : debian;
  const { unit, config, keyfile, driftfile } = distribution;
  const { servers = [], pools = [], clients = [] } = ntp;
  const variables = { servers, pools, clients, keyfile, driftfile };
  const service = await configureService(params, unit, (host) =>
    renderTemplate(host, "chrony.conf.j2", config, variables),
  );
  const sources = [...servers, ...pools].join(", ");
  return `chrony: time from ${sources || "nowhere"}, ${service === "same" ? "nothing changed" : service}`;
}

async function configureTimesyncd(params: ServiceParams, ntp: Ntp): Promise<string> {
  const { servers = [], pools = [], clients = [] } = ntp;
  if ((await params.host.stat("/usr/lib/systemd/systemd-timesyncd")) === undefined) {
    throw new AgentError("no-ntp-client", "neither chrony nor systemd-timesyncd is installed");
  }
  if (clients.length > 0) {
    throw new AgentError("no-ntp-server", "ntp.clients needs chrony: systemd-timesyncd serves no other machine");
  }
  const sources = [...servers, ...pools].join(" ");
  // The empty assignment forgets servers that other files name (systemd.syntax(7)); DHCP's are not asked as long as
  // there are servers here.
  const text = `# Written by kanod-configure from the section ntp: changes made here are lost.\n[Time]\nNTP=\nNTP=${sources}\n`;
  const path = "/etc/systemd/timesyncd.conf.d/90-kanod-configure.conf";
  const service = await configureService(params, "systemd-timesyncd.service", (its) => its.writeFile(path, text));
  return `systemd-timesyncd: time from ${sources || "nowhere"}, ${service === "same" ? "nothing changed" : service}`;
}
