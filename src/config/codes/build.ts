/** A schema of an element, or the one merged from all of them. */
export const schemaCodes = {
  "bad-schema": {
    meaning: "The schema is not valid JSON Schema draft-07.",
    remedy: "Correct what the message names.",
  },
  "dangling-ref": {
    meaning: "A `$ref` points to nothing, or outside the schema.",
    remedy: "Add the definition, or the element that contains it.",
  },
  "circular-ref": {
    meaning: "A `$ref` leads back to itself for the same value.",
    remedy: "Remove one of the references of the circle.",
  },
  "unknown-format": {
    meaning: "There is no such format.",
    remedy: "Use a known one. In a schema, a `pattern` can take its place.",
  },
  "bad-pattern": {
    meaning: "The regular expression is invalid (expressions are read with the flag `u`).",
    remedy: "Correct it. With this flag only characters that need it may be escaped.",
  },
  "unknown-keyword": {
    meaning:
      "JSON Schema draft-07 does not have this keyword, so it has no effect. An error if it would restrict values.",
    remedy: "Correct the spelling, or express it in draft-07. Keywords of your own begin with `x-`.",
    severity: "warning",
  },
  "never-valid": {
    meaning: "No document can be valid against this part of the schema, such as a required key that is not allowed.",
    remedy: "Correct one of the two places that contradict each other.",
  },
} as const;

/** The folders of elements. */
export const elementCodes = {
  "bad-elements": {
    meaning:
      "The list of elements is unusable: `IMAGE_ELEMENT_YAML` is not a mapping, or diskimage-builder rejects it.",
    remedy: "Correct the elements that the message names. Without diskimage-builder, use `--element`.",
  },
  "no-element": {
    meaning: "The folder of an element does not exist, or is not a folder.",
    remedy: "Correct the path.",
  },
  "duplicate-element": {
    meaning: "Two elements have the same name, which is that of their folder.",
    remedy: "Rename one of them, or leave one out.",
  },
  "empty-element": {
    meaning: "An element given with `--element` has neither a contribution nor a schema.",
    remedy: "Add `schema.yaml` or `kanod/NAME.ts`, or leave the element out.",
  },
  "unreadable-file": {
    meaning: "A file of an element cannot be read.",
    remedy: "Fix the cause that the message names, such as missing permissions.",
  },
  "python-contribution": {
    meaning: "The folder `kanod` contains a Python file.",
    remedy: "Write the contribution in TypeScript or JavaScript.",
  },
  "bad-contribution": {
    meaning: "A file in `kanod` has another extension than contributions have, or is a broken link.",
    remedy: "Use `.ts`, `.js` or `.mjs`. Move helpers to a folder below `kanod`.",
  },
  "same-module": {
    meaning: "`NAME.ts` and `NAME.js` are in the same folder.",
    remedy: "Remove the `.js` file if it was compiled from the other one.",
  },
  "bad-template-file": {
    meaning: "A template is not valid Jinja2, or uses a statement that is not supported.",
    remedy: "Correct what the message names.",
  },
  "no-template-file": {
    meaning: "A contribution renders a template that no element of the image has.",
    remedy: "Correct the name, which is the path below `kanod/templates`, or add the file.",
  },
  "bad-example": {
    meaning: "An example or a default is not valid for its own schema.",
    remedy: "Correct `example.yaml`, the `examples` or the `default`, or the schema.",
    severity: "warning",
  },
  "duplicate-template": {
    meaning: "Two templates have the same name. `renderTemplate` finds templates by name only.",
    remedy: "Rename one of them.",
  },
  "schema-conflict": {
    meaning: "Two schemas define the same key, or the same definition, differently.",
    remedy: "Make them equal, or use another key or name.",
  },
} as const;

/** The code of contributions. */
export const bundleCodes = {
  "syntax-error": {
    meaning: "The file is not TypeScript or JavaScript, or uses syntax that cannot be erased, such as `enum`.",
    remedy: "Correct the place that the message shows.",
  },
  "type-error": {
    meaning: "TypeScript reports an error, such as a configuration key that no schema has.",
    remedy: "Correct the place that the message shows.",
  },
  "missing-package": {
    meaning: "An imported npm package is not installed.",
    remedy: "Install it in the folder of the element, or in a folder above it.",
  },
  "missing-import": {
    meaning: "An imported file does not exist, or is outside the element.",
    remedy: "Write the full name, with its extension. Move code that several elements share to an npm package.",
  },
  "native-addon": {
    meaning: "An npm package contains native code, but the agent is one file that runs on any image.",
    remedy: "Use another package.",
  },
  "left-out-file": {
    meaning: "An npm package refers to a file of its own that does not get into the agent.",
    remedy: "Do nothing, unless the package needs the file at run time.",
    severity: "warning",
  },
  "bundle-failed": {
    meaning: "A file cannot be put into the agent.",
    remedy: "Correct what the message names.",
  },
} as const;

/** The trial start of the agent that was built. */
export const trialCodes = {
  "no-registration": {
    meaning: "A file in `kanod` does not register a contribution.",
    remedy: "Call `register` or `registerBoot` in it, or move it to a folder below `kanod`.",
  },
  "bad-registration": {
    meaning: "The arguments of `register` or `registerBoot` are invalid.",
    remedy: "Correct the argument that the message names.",
  },
  "duplicate-contribution": {
    meaning: "Two contributions of the same stage have the same name.",
    remedy: "Rename one of them.",
  },
  "process-exit": {
    meaning: "A contribution calls `process.exit`, which would end the agent.",
    remedy: "Throw an error, or call `stopCloudInit`, in the contribution's code.",
  },
  "import-failed": {
    meaning: "A contribution's file throws an error when it is imported.",
    remedy: "Correct the error, or move the statement into the contribution's function.",
  },
  "import-hangs": {
    meaning: "The import of a contribution's file does not end.",
    remedy: "Move what takes time into the contribution's function.",
  },
  "check-hangs": {
    meaning: "The check of a contribution does not end for the `example.yaml` of the elements.",
    remedy: "Let the check look at the configuration only.",
  },
  "agent-does-not-start": {
    meaning: "The agent does not start, though no contribution is at fault.",
    remedy: "Report this with the output of the build.",
  },
} as const;

/** What a build needs, and what it writes. */
export const buildNeedCodes = {
  "not-built": {
    meaning: "This is a checkout of kanod-configure that has not been built.",
    remedy: "Run `npm run build` in it.",
  },
  "no-runtime": {
    meaning: "The npm package with Node for the target architecture is not installed.",
    remedy: "Run the command that the message shows, or use `--runtime system`.",
  },
  "output-taken": {
    meaning: "A folder is in the place of an output file, or a file in the place of a folder.",
    remedy: "Choose another folder with `-o`.",
  },
  "file-error": {
    meaning: "A file cannot be read or written: the disk is full, or permissions are missing.",
    remedy: "Fix the cause that the message names.",
  },
  "build-failed": {
    meaning: "The build failed because of its inputs; each problem is listed.",
    remedy: "Correct the problems.",
  },
} as const;
