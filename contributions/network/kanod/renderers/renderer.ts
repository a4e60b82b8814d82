import type { Distro, Finding, Host, InterfaceFacts, Logger } from "kanod-configure";
import type { Network } from "../model/network.ts";

/** One way to have a machine configure its network: a tool with its files. All that varies by tool is in here. */
export interface Renderer {
  /** cloud-init's name for it, which system.yaml uses too. */
  readonly name: string;
  /** The word of netplan's `renderer` keys for it, where netplan has one. */
  readonly backEnd?: string;
  /** The files that it reads, whichever program wrote them. */
  readonly files: readonly ConfigurationFiles[];
  /** Units of systemd of which one or more run it. */
  readonly units: readonly string[];
  /** Whether the machine has it. */
  available(host: Host): Promise<boolean>;
  /** The network in its form. Pure. */
  render(network: Network, context: RenderContext): Rendering;
  /** The interfaces that files of its own configure; undefined where there are none. */
  read?(files: readonly RenderedFile[], interfaces: readonly InterfaceFacts[]): Contents | undefined;
  /** The interfaces that it has in hand now, with the profiles that are active. */
  holds?(host: Host): Promise<Pick<Setup, "names" | "profiles">>;
  /** Those of `files` that would configure, in place of a file of ours, one of the interfaces of a setup. */
  rivals?(files: readonly KeptFile[], setup: Setup, interfaces: readonly InterfaceFacts[]): Rival[];
  /** Has the tool itself check the files that are in place, before anything is brought up. @throws AgentError */
  accept?(host: Host): Promise<void>;
  /** Has it read the files that are in place, and waits until the interfaces are up. Bounded in time. */
  start(host: Host, setup: Setup, log: Logger): Promise<void>;
  /** How an interface differs, by what the tool says, from what the setup asks of it. */
  verify?(host: Host, setup: Setup): Promise<string[]>;
  /** Gives up what it holds of `from` and `to` does not have: before `to` is started, and what is returned after that. */
  takeOver?(host: Host, from: Setup, to: Setup): Promise<() => Promise<void>>;
}

export type Contents = Pick<Setup, "names" | "made" | "profiles">;

/** Files in a folder. */
export interface ConfigurationFiles {
  folder: string;
  /** Those that configure a network. */
  name: RegExp;
  /** Folders of the operating system and of the running system with more of them: those in `folder` go before. */
  others?: readonly string[];
  /** Those that cloud-init or kanod-configure writes: by name, and where that is not enough by content. */
  own?: RegExp;
  ownContent?: RegExp;
}

export interface RenderedFile {
  path: string;
  content: string;
  /** Permission bits. */
  mode: number;
  /** It holds keys or passwords. */
  secret: boolean;
  /** Name of the group that owns it; root's without one. */
  group?: string;
  /** Of a file that is put back: whose it was. */
  owner?: { uid: number; gid: number };
}

/** A file as it was, to be put back. */
export type KeptFile = RenderedFile & { owner: { uid: number; gid: number } };

export interface Rival {
  path: string;
  /** Content of a file in the administrator's folder that hides one of the operating system. */
  mask: string;
}

export interface RenderContext {
  /** What the machine has; empty where nobody has looked, as on a target tree. */
  interfaces: readonly InterfaceFacts[];
  /** machine-id(5), where the machine has one. */
  machineId?: string | undefined;
}

export interface Rendering {
  files: RenderedFile[];
  /** Makes the files where only a tool of the machine can; undefined in a plan, where it does not run. */
  convert?: (host: Host, distro: Distro) => Promise<RenderedFile[] | undefined>;
  /** What the renderer cannot express, by pointers of the version 2 form. With one of them nothing may be written. */
  findings: Finding[];
  /** Arguments of commands that activate one profile each, in order. */
  profiles?: readonly (readonly string[])[];
}

/** Network configuration in files, and what the service that reads them needs to know besides. */
export interface Setup {
  renderer: Renderer;
  files: readonly RenderedFile[];
  /** Names of the interfaces that it configures. */
  names: readonly string[];
  /** Of these, the ones that starting waits for. */
  awaited: readonly string[];
  /** Of these, the ones that it makes. */
  made: readonly string[];
  profiles: readonly (readonly string[])[];
  /** Interfaces that get another name. */
  renames: readonly { from: string; to: string }[];
}
