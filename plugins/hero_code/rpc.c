/* rpc.c: the table of methods: dispatch, parameter checks and the OpenRPC document in one. Service thread. */
#include "rpc.h"

#include "filter.h"

#define REPO_PARAM                                                                                                     \
  {                                                                                                                    \
    "repo", HERO_STRING (1, 4096), HERO_REQUIRED, "Repository id: its path below coderoot."                            \
  }
#define PAGE_PARAMS(default_limit)                                                                                     \
  { "limit", HERO_INTEGER (1, 1000), 0, "Elements of one answer.", default_limit },                                    \
  {                                                                                                                    \
    "cursor", HERO_STRING (0, 64), 0, "next_cursor of the answer before: the next page of the same result."            \
  }
#define WAIT_PARAM(seconds)                                                                                            \
  {                                                                                                                    \
    "wait_s", HERO_INTEGER (0, 3600), 0, "Seconds to wait for the end of the job.", seconds                            \
  }

static const HeroRpcParam list_params[] = {
  CODE_FILTER_PARAMS,
  { "sort", HERO_ENUM ("id|changed|commit"), 0, "By id, by changes, or by the last commit.", "\"id\"" },
  { "fresh", HERO_BOOLEAN, 0, "Look at the repositories again first.", "false" },
  PAGE_PARAMS ("100"),
  { NULL },
};
static const HeroRpcParam get_params[] = {
  REPO_PARAM,
  { "fresh", HERO_BOOLEAN, 0, "Without effect: it is always looked at again.", "false" },
  { NULL },
};
static const HeroRpcParam scan_params[] = { CODE_FILTER_PARAMS, WAIT_PARAM ("30"), { NULL } };
static const HeroRpcParam status_params[] = {
  REPO_PARAM,
  { "paths", HERO_STRINGS (0, 1000), 0, "Only what lies at or below these paths." },
  { "untracked", HERO_ENUM ("normal|no|all"), 0, "A directory as one entry, none, every file.", "\"normal\"" },
  { "renames", HERO_BOOLEAN, 0, "Only false: a rename is a deletion and an addition.", "false" },
  PAGE_PARAMS ("100"),
  { NULL },
};
static const HeroRpcParam job_list_params[] = {
  { "state", HERO_ENUM ("queued|running|succeeded|failed|cancelled"), 0, "Only jobs in this state." },
  { "kind", HERO_STRING (0, 64), 0, "Only jobs of this method." },
  { "repo", HERO_STRING (0, 4096), 0, "Only jobs of this repository." },
  PAGE_PARAMS ("100"),
  { NULL },
};
static const HeroRpcParam job_params[] = { { "id", HERO_STRING (1, 32), HERO_REQUIRED, "Job." }, { NULL } };
static const HeroRpcParam job_wait_params[] = {
  { "id", HERO_STRING (1, 32), HERO_REQUIRED, "Job." },
  WAIT_PARAM ("60"),
  { NULL },
};
static const HeroRpcParam file_list_params[] = {
  { "path", HERO_STRING (0, 4096), 0, "Directory; relative to the repository when one is given.", "\"\"" },
  { "repo", HERO_STRING (0, 4096), 0, "Repository id." },
  { "depth", HERO_INTEGER (1, 5), 0, "How many levels.", "1" },
  { "rev", HERO_STRING (0, 256), 0, "Only absent: the work tree is listed." },
  PAGE_PARAMS ("1000"),
  { "path_b64", HERO_BASE64 (0, 4096), 0, "In place of path, for names that are not UTF-8." },
  { NULL },
};
static const HeroRpcParam file_read_params[] = {
  { "path", HERO_STRING (0, 4096), 0, "File; relative to the repository when one is given.", "\"\"" },
  { "repo", HERO_STRING (0, 4096), 0, "Repository id." },
  { "rev", HERO_STRING (0, 256), 0, "As of this revision instead of the work tree." },
  { "start_line", HERO_INTEGER (1, G_MAXINT64), 0, "First line of a range." },
  { "end_line", HERO_INTEGER (1, G_MAXINT64), 0, "Last line of a range." },
  { "offset", HERO_INTEGER (0, G_MAXINT64), 0, "First byte of a range." },
  { "length", HERO_INTEGER (0, G_MAXINT64), 0, "Bytes of a range." },
  { "encoding", HERO_ENUM ("utf-8|base64"), 0, "How content is given.", "\"utf-8\"" },
  { "path_b64", HERO_BASE64 (0, 4096), 0, "In place of path, for names that are not UTF-8." },
  { NULL },
};
static const HeroRpcParam search_params[] = {
  { "pattern", HERO_STRING (0, 0), HERO_REQUIRED, "Text to look for, 1..4096 bytes, within one line." },
  { "kind", HERO_ENUM ("literal"), 0, "The pattern stands for itself.", "\"literal\"" },
  { "case", HERO_ENUM ("smart|sensitive|insensitive"), 0, "smart: case matters when the pattern has upper case.",
    "\"smart\"" },
  { "word", HERO_BOOLEAN, 0, "Only whole words.", "false" },
  { "globs", HERO_STRINGS (0, 0), 0, "Only absent." },
  { "lang", HERO_STRING (0, 0), 0, "Only absent." },
  { "repos", HERO_ANY, 0, "Repository ids, or a filter as of repo.list; absent = all." },
  { "context", HERO_INTEGER (0, 10), 0, "Lines before and after each.", "0" },
  { "sort", HERO_ENUM ("path"), 0, "By repository and path.", "\"path\"" },
  { "limit", HERO_INTEGER (1, 1000), 0, "Files of one answer.", "50" },
  { "max_matches_per_file", HERO_INTEGER (0, 100000), 0, "Lines shown of a file; 0 = all.", "20" },
  { "count_only", HERO_BOOLEAN, 0, "Numbers without lines.", "false" },
  { "ignored", HERO_BOOLEAN, 0, "Ignored files too.", "false" },
  { "fresh", HERO_BOOLEAN, 0, "Without effect: files are read at the time of the search.", "false" },
  { "use_index", HERO_BOOLEAN, 0, "Without effect: there is no index.", "true" },
  { "timeout_ms", HERO_INTEGER (1, 3600000), 0, "Time limit; absent = search_timeout_ms." },
  { "cursor", HERO_STRING (0, 64), 0, "next_cursor of the answer before." },
  { NULL },
};

static const int root_errors[] = { CODE_CODEROOT_MISSING, CODE_CURSOR_EXPIRED, 0 };
static const int repo_errors[] = { CODE_NOT_FOUND, CODE_CODEROOT_MISSING, CODE_REPO_UNSAFE, CODE_IO_ERROR, 0 };
static const int file_errors[] = { CODE_NOT_FOUND, CODE_PATH_FORBIDDEN, CODE_NOT_A_FILE, CODE_TOO_LARGE,
                                   CODE_CODEROOT_MISSING, CODE_REPO_UNSAFE, CODE_LIMIT_EXCEEDED, CODE_IO_ERROR, 0 };
static const int search_errors[] = { CODE_NOT_FOUND, CODE_CODEROOT_MISSING, CODE_BAD_PATTERN, CODE_CURSOR_EXPIRED, 0 };
static const int job_errors[] = { CODE_NOT_FOUND, 0 };

#define JOB_RESULT "{\"type\":\"object\",\"properties\":{\"job\":{\"$ref\":\"#/components/schemas/Job\"}}}"
#define LIST_OF(name)                                                                                                  \
  "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/" name \
  "\"}},\"total\":{\"type\":\"integer\"},\"next_cursor\":{\"type\":[\"string\",\"null\"]}}}"

static const HeroRpcMethod methods[] = {
  { "repo.list", code_rpc_repo_list, list_params, LIST_OF ("Repo"), "Repositories below coderoot.",
    "Answered from memory; fresh looks at those that are meant again.", .errors = root_errors },
  { "repo.get", code_rpc_repo_get, get_params, "Repo", "One repository.", .errors = repo_errors, .aliases = "repo.info" },
  { "repo.scan", code_rpc_repo_scan, scan_params, JOB_RESULT, "Look for repositories.",
    "A job; a failed one is a result whose state is failed.", .errors = root_errors, .flags = HERO_RPC_WAITS,
    .aliases = "repo.reload" },
  { "repo.status", code_rpc_repo_status, status_params,
    "{\"type\":\"object\",\"properties\":{\"head\":{\"type\":\"object\"},\"counts\":{\"type\":\"object\"},"
    "\"state\":{\"type\":\"string\"},\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
    "\"total\":{\"type\":\"integer\"},\"next_cursor\":{\"type\":[\"string\",\"null\"]}}}",
    "What has changed in a work tree, as git status tells it.", .errors = repo_errors },
  { "job.list", code_rpc_job_list, job_list_params, LIST_OF ("Job"), "Jobs, newest first." },
  { "job.get", code_rpc_job_get, job_params, "Job", "One job.", .errors = job_errors },
  { "job.wait", code_rpc_job_wait, job_wait_params,
    "{\"type\":\"object\",\"properties\":{\"done\":{\"type\":\"boolean\"},"
    "\"job\":{\"$ref\":\"#/components/schemas/Job\"}}}",
    "Wait for the end of a job.", .errors = job_errors, .flags = HERO_RPC_WAITS },
  { "job.cancel", code_rpc_job_cancel, job_params, "Job", "Cancel a job.", .errors = job_errors,
    .flags = HERO_RPC_WRITES },
  { "file.list", code_rpc_file_list, file_list_params, LIST_OF ("Entry"), "Entries of a directory.",
    .errors = file_errors, .aliases = "tree.list" },
  { "file.read", code_rpc_file_read, file_read_params, "File", "The content of a file, whole or a range.",
    .errors = file_errors },
  { "search.code", code_rpc_search_code, search_params, "Found", "Search the text files of repositories.",
    "Which files: those of the work tree that git does not ignore, without binary and very large ones.",
    .errors = search_errors },
  { "server.info", code_rpc_server_info, NULL, "{\"type\":\"object\"}", "Version, coderoot, numbers and limits." },
  { NULL },
};

static const HeroRpcSchema schemas[] = {
  { "Repo", "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"
            "\"path\":{\"type\":\"string\"},\"branch\":{\"type\":[\"string\",\"null\"]},\"head\":{\"type\":\"object\"},"
            "\"counts\":{\"type\":\"object\"},\"has_changes\":{\"type\":\"boolean\"},"
            "\"ahead\":{\"type\":[\"integer\",\"null\"]},\"behind\":{\"type\":[\"integer\",\"null\"]},"
            "\"state\":{\"type\":\"string\"},\"stale\":{\"type\":\"boolean\"},"
            "\"error\":{\"type\":[\"object\",\"null\"]}}}" },
  { "Job", "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"kind\":{\"type\":\"string\"},"
           "\"state\":{\"type\":\"string\"},\"progress\":{\"type\":\"object\"},"
           "\"created_at\":{\"type\":\"integer\"},\"finished_at\":{\"type\":[\"integer\",\"null\"]},"
           "\"error\":{\"type\":[\"object\",\"null\"]},\"result\":{\"type\":[\"object\",\"null\"]}}}" },
  { "Entry", "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"path\":{\"type\":\"string\"},"
             "\"repo\":{\"type\":[\"string\",\"null\"]},\"type\":{\"type\":\"string\"},\"size\":{\"type\":\"integer\"},"
             "\"mtime_at\":{\"type\":\"integer\"},\"mode\":{\"type\":\"string\"},\"ignored\":{\"type\":\"boolean\"},"
             "\"git\":{\"type\":[\"string\",\"null\"]}}}" },
  { "File", "{\"type\":\"object\",\"properties\":{\"repo\":{\"type\":[\"string\",\"null\"]},"
            "\"path\":{\"type\":\"string\"},\"version\":{\"type\":[\"string\",\"null\"]},"
            "\"size\":{\"type\":\"integer\"},\"content\":{\"type\":\"string\"},\"encoding\":{\"type\":\"string\"},"
            "\"eol\":{\"type\":\"string\"},\"binary\":{\"type\":\"boolean\"},\"truncated\":{\"type\":\"boolean\"}}}" },
  { "Found", "{\"type\":\"object\",\"properties\":{\"files\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
             "\"total_files\":{\"type\":\"integer\"},\"stats\":{\"type\":\"object\"},"
             "\"truncated\":{\"type\":\"boolean\"},\"reason\":{\"type\":[\"string\",\"null\"]},"
             "\"next_cursor\":{\"type\":[\"string\",\"null\"]}}}" },
  { NULL },
};

void
code_rpc_register (Code *self)
{
  static const HeroRpcSpec spec = HERO_RPC_SPEC (.methods = methods, .schemas = schemas, .errors = code_error_specs);

  hero_service_set_rpc (self->ctx, &spec, self);
}
