import type { Host } from "./host.ts";

/** A host with some of its methods replaced. */
export function hostWith(host: Host, replaced: Partial<Host>): Host {
  return new Proxy(host, {
    get(target, name: keyof Host) {
      const own = replaced[name];
      if (own !== undefined) return own;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** A host that calls `before` ahead of each change of a file or link, with its path; not for mode and owner alone. */
export function beforeChanges(host: Host, before: (path: string) => Promise<void>): Host {
  return hostWith(host, {
    writeFile: async (path, content, options) => {
      const present = await host.readBytes(path);
      if (present === undefined || !Buffer.from(present).equals(Buffer.from(content))) await before(path);
      return host.writeFile(path, content, options);
    },
    symlink: async (target, path) => {
      if ((await host.stat(path))?.target !== target) await before(path);
      return host.symlink(target, path);
    },
    remove: async (path) => {
      if ((await host.stat(path)) !== undefined) await before(path);
      return host.remove(path);
    },
  });
}
