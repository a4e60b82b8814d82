import { register } from "kanod-configure";
import { configureNetwork } from "./network/configure.ts";
import { checkNetworkSections } from "./network/sections.ts";

/** Longer than all network checks together may take, in seconds. */
const timeout = 3600;

register("Network", 10, (params) => configureNetwork(params), {
  timeout,
  check: ({ conf, system }) => checkNetworkSections(conf, system),
});
