import { register } from "kanod-configure";
import { checkNetworkSections } from "./check/sections.ts";
import { configureNetwork } from "./switch/configure.ts";

/** Longer than all network checks together may take, in seconds. */
const timeout = 3600;

register("Network", 10, (params) => configureNetwork(params), {
  timeout,
  check: ({ conf, system }) => checkNetworkSections(conf, system),
});
