import {
  type Configuration,
  checkCertificates,
  type Finding,
  noProxyEntries,
  type ProxySettings,
  proxyFor,
  proxyVariables,
  register,
} from "kanod-configure";
import { readInventory } from "./report/inventory.ts";
import { readHashes, runReport, sendReport } from "./report/report.ts";

// First of all, so that the failure of any other contribution is reported.
register(
  "Report",
  1,
  ({ conf, system, init, log, defer }) => {
    const { report, name } = conf;
    if (report === undefined) return;
    // A section of another element, which an image may be without.
    const { proxy } = conf as { proxy?: ProxySettings };
    defer("report", async (result, host) => {
      const facts = { sha256: await readHashes(host), inventory: await readInventory(host, init.distro.name) };
      const machine = { name, instanceId: init.instanceId };
      const through = proxyFor(proxyVariables(proxy, noProxyEntries(system["no_proxy"])), report.url);
      await sendReport(host, report.url, runReport(machine, result, host.now(), facts), {
        ...(report.ca === undefined ? {} : { ca: report.ca }),
        ...(report.token === undefined ? {} : { token: report.token }),
        ...(through === undefined ? {} : { proxy: through }),
      });
      log.info(`sent: ${result.state}`);
    });
  },
  { check: ({ conf, now }) => findings(conf, now) },
);

function findings({ report }: Configuration, now: Date): Finding[] {
  if (report === undefined) return [];
  const found = report.ca === undefined ? [] : checkCertificates(report.ca, "/report/ca", now);
  if (report.token === undefined || report.url.startsWith("https:")) return found;
  const message = "the token would go over the network in plain: the URL has to be https";
  return [...found, { severity: "error", code: "report-without-tls", pointer: "/report/url", message }];
}
