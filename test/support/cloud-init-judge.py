"""What cloud-init makes of user-data, asked of its own functions.

Reads requests from standard input, one JSON object a line, and answers each with one line.
{"yaml": TEXT}           -> {"refused": bool, "value": …}
{"userData": BASE64, "instance": {…}} -> {"config": … | null, "runcmd": SCRIPT | null, "bootcmd": …, "files": {PATH: {…}}}
"""

import base64
import datetime
import json
import logging
import os
import sys
import tempfile

logging.disable(logging.CRITICAL)
from cloudinit import handlers, helpers, user_data, util  # noqa: E402
from cloudinit.config import cc_write_files  # noqa: E402
from cloudinit.handlers.cloud_config import CloudConfigPartHandler  # noqa: E402
from cloudinit.handlers.jinja_template import JinjaTemplatePartHandler  # noqa: E402

try:
    from cloudinit.safeyaml import load as load_yaml
except ImportError:
    from yaml import safe_load as load_yaml


def plain(value):
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(v) for v in value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return {"date": True}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    return value


def judge_yaml(text):
    try:
        return {"refused": False, "value": plain(load_yaml(text))}
    except RecursionError:
        return {"refused": True, "reason": "recursion"}
    except Exception as error:  # cloud-init drops the part whatever it is
        return {"refused": True, "reason": str(error)}


def script(commands):
    if commands is None:
        return None
    try:
        return util.shellify(commands)
    except Exception:
        return None


def written(folder, config):
    entries = [dict(e) for e in config.get("write_files") or [] if isinstance(e, dict) and e.get("path")]
    for entry in entries:
        entry["path"] = folder + os.path.abspath(str(entry["path"]))
        entry["owner"] = "root:root"
    util.chownbyname = lambda *_: None
    try:
        cc_write_files.write_files("judge", entries, "root:root")
    except TypeError:
        cc_write_files.write_files("judge", entries)
    except Exception as error:
        return {"failed": str(error)}
    files = {}
    for entry in entries:
        path = entry["path"]
        if not os.path.isfile(path):
            continue
        with open(path, "rb") as stream:
            content = base64.b64encode(stream.read()).decode()
        files[path[len(folder):]] = {"content": content, "mode": os.stat(path).st_mode & 0o7777}
    return files


def judge_user_data(data, instance):
    with tempfile.TemporaryDirectory() as folder:
        paths = helpers.Paths({"cloud_dir": folder + "/cloud", "run_dir": folder + "/run", "templates_dir": folder})
        os.makedirs(folder + "/run", exist_ok=True)
        for name in ("instance_data_sensitive", "instance_data"):
            with open(paths.get_runpath(name), "w") as stream:
                json.dump(instance, stream)
        config = CloudConfigPartHandler(paths)
        jinja = JinjaTemplatePartHandler(paths, sub_handlers=[config])
        try:
            message = user_data.UserDataProcessor(paths).process(data)
            registry = {t: h for h in (config, jinja) for t in h.list_types()}
            state = {"handlers": registry, "data": None, "frequency": "once-per-instance", "excluded": [], "handlerdir": folder}
            types = []

            def each(given, filename, payload, headers):
                types.append(headers["Content-Type"])
                if headers["Content-Type"] != "text/part-handler":
                    handlers.walker_callback(given, filename, payload, headers)

            handlers.walk(message, each, data=state)
        except Exception as error:
            return {"config": None, "failed": str(error)}
        merged = config.cloud_buf
        if not isinstance(merged, dict):
            return {"config": None, "types": types}
        return {
            "config": plain(merged),
            "types": types,
            "runcmd": script(merged.get("runcmd")),
            "bootcmd": script(merged.get("bootcmd")),
            "files": written(folder + "/root", merged),
        }


for line in sys.stdin:
    request = json.loads(line)
    if "yaml" in request:
        answer = judge_yaml(request["yaml"])
    else:
        answer = judge_user_data(base64.b64decode(request["userData"]), request.get("instance", {}))
    sys.stdout.write(json.dumps(answer, default=str) + "\n")
    sys.stdout.flush()
