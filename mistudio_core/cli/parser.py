"""The arguments of every command.

Values are checked by the library and not here, so that a bad value is an error with a code (exit 1) and
only a command line that cannot be understood is a usage error (exit 2).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from mistudio_core import __version__
from mistudio_core.errors import invalid

if TYPE_CHECKING:
    from mistudio_core.tokenization.recipes.fields import Field

_RENAMED: Final = {"splits": ["--split", "--splits"], "columns": ["--column", "--columns"]}


def whole_number(text: str) -> int:
    """Read an integer, or raise `invalid_request`."""
    try:
        return int(text)
    except ValueError:
        raise invalid(f"{text[:40]!r} is not a whole number.", "Write digits only, for example 1000.") from None


class CommandParser(argparse.ArgumentParser):
    """The parser of one command, which adds costly options when it is used: those of recipes load every preset."""

    add_options: Callable[[argparse.ArgumentParser], None] | None = None

    def complete(self) -> None:
        """Add the options that are still missing."""
        add, self.add_options = self.add_options, None
        if add is not None:
            add(self)

    def parse_known_args(self, *given: Any, **named: Any) -> Any:
        """Parse as the base class does, with all options."""
        self.complete()
        return super().parse_known_args(*given, **named)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; the namespace it gives has `act`, the function to call with it.

    It is named by itself where it is in `commands`, else by `module.function`.
    """
    common = CommandParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--home", help="the library folder (else MISTUDIO_HOME)")
    common.add_argument("--json", action="store_true", help="print one JSON document")
    parser = argparse.ArgumentParser(
        prog="mistudio", description="Datasets and token sequences for interpretability.", parents=[common]
    )
    parser.add_argument("--version", action="version", version=f"mistudio {__version__}")
    groups = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=CommandParser)

    def command(name: str, purpose: str, *, act: str | None = None, aliases: Sequence[str] = ()) -> CommandParser:
        added = groups.add_parser(name, aliases=aliases, help=purpose, description=purpose, parents=[common])
        added.set_defaults(act=act or name.replace("-", "_"))
        return added

    _app_command(command)
    _hub_commands(command)
    _read_commands(command)
    _tokenize_commands(command)
    _plan_commands(command)
    _keep_commands(command)
    return parser


def _token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--token-stdin", action="store_true", help="read an access token from standard input, one line")


def _app_command(command: Any) -> None:
    served = command("app", "start the app in the browser")
    served.add_argument("--port", type=whole_number, help="the port to listen on (8501)")
    served.add_argument("streamlit", metavar="-- OPTION", nargs="*", help="more options of `streamlit run`")
    alone = command("serve", "answer other programs over HTTP, without the app", act="serve.serve")
    alone.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    alone.add_argument("--port", type=whole_number, default=8502, help="the port to listen on (default: 8502)")
    key = command("api-key", "make a key for the HTTP API and print it, once", act="keys.api_key")
    instead = key.add_mutually_exclusive_group()
    instead.add_argument("--list", action="store_true", help="list the keys instead, without their secrets")
    instead.add_argument("--remove", metavar="KEY_ID", help="delete a key instead")


def _hub_commands(command: Any) -> None:
    found = command("search-hub", "find datasets on the Hub by a part of their id")
    found.add_argument("text", metavar="TEXT", help="a part of the id, such as wikitext")
    found.add_argument("--limit", type=whole_number, default=10, help="most datasets to list (default: 10)")
    _token(found)
    inspect = command("inspect", "show what the Hub knows about a dataset, without downloading it")
    rows = command("first-rows", "show the first rows of a dataset on the Hub, without downloading it")
    rows.add_argument("--split", help="split to show (default: the first)")
    download = command("download", "download a dataset from the Hub")
    for parser in (inspect, rows, download):
        parser.add_argument("repo", metavar="REPO", help="repository id, or its URL on the Hub")
        parser.add_argument("--revision", help="branch, tag or commit")
        parser.add_argument("--config", help="configuration (subset)")
        _token(parser)
    download.add_argument("--split", action="append", help="split to download, repeatable (default: all)")
    download.add_argument("--max-samples", type=whole_number, help="most samples per split")
    download.add_argument("--name", help="name of the dataset in the library")
    _text_options(download)
    imported = command("import", "import local files", act="import_files")
    imported.add_argument("paths", metavar="PATH", nargs="+")
    imported.add_argument("--format", help="parquet, jsonl, json, csv, tsv, txt or arrow (default: by file name)")
    imported.add_argument("--name", help="name of the dataset in the library")
    _import_options(imported)
    example = command("example", "create the built-in example dataset", aliases=["sample"])
    example.add_argument("--samples", type=whole_number, default=5000, help="number of samples (default: 5000)")


def _import_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("parsing options")
    group.add_argument(
        "--null-values",
        action="append",
        nargs="?",
        const=None,
        metavar="A,B",
        help="CSV: the cell values read as missing ('' is an empty cell; without a value: none), repeatable",
    )
    group.add_argument("--delimiter", metavar="CHAR", help="CSV: cell separator, such as ';' or tab")
    group.add_argument("--header", metavar="N", help="CSV: line number of the header, from 0, or none")
    group.add_argument("--encoding", help="CSV, JSON, text: for example cp1252 or utf-16 (default: utf-8)")
    group.add_argument("--field", metavar="KEY", help="JSON: key that holds the list of samples in one large object")
    group.add_argument(
        "--text-unit",
        dest="sample_by",
        metavar="UNIT",
        help="text: one sample per line, paragraph or document (whole file)",
    )
    _text_options(group)


def _text_options(group: Any) -> None:
    """Add what an import and a download let one choose about texts."""
    group.add_argument(
        "--text-column",
        action="append",
        metavar="NAME",
        help="Parquet, Arrow: a column of bytes that holds text; may be repeated",
    )
    group.add_argument(
        "--invalid-utf8",
        metavar="HOW",
        help="refuse (the usual) or replace: bytes in a text that are no UTF-8 become U+FFFD, and are counted",
    )


def _read_commands(command: Any) -> None:
    listed = command("list", "list the datasets", act="list_datasets")
    listed.add_argument("--status", help="downloading, processing, ready or error")
    listed.add_argument("--source", help="huggingface, local or sample")
    listed.add_argument("--search", default="", help="part of a name, repository or id")
    listed.add_argument("--sort", default="created", help="name, created, size or samples")
    show = command("show", "show a dataset with its tokenizations, or a tokenization")
    show.add_argument("id", metavar="ID")
    _sample_options(command("samples", "print samples of a dataset, searched, filtered and sorted"))
    purpose = "print every place of a word or phrase in the samples of a dataset"
    _concordance_options(command("concordance", purpose, act="texts.concordance"))
    index = command("index", "build or rebuild the word index of a dataset")
    index.add_argument("id", metavar="ID")
    tokens = command("search-tokens", "find consecutive tokens in the sequences of a tokenization")
    tokens.add_argument("id", metavar="TOK")
    tokens.add_argument("--text", help="text, tokenized as in the middle of a document: a leading space matters")
    tokens.add_argument("--ids", help="token ids separated by commas, for example 11,262")
    tokens.add_argument("--offset", type=whole_number, default=0)
    tokens.add_argument("--limit", type=whole_number, default=50)
    tokens.add_argument("--across", action="store_true", help="include hits that span two documents")
    tokens.add_argument(
        "--sort", default="position", help="position, or before or after: by the tokens beside the hits"
    )
    stats = command("stats", "print the statistics of a dataset or a tokenization")
    stats.add_argument("id", metavar="ID")


def _sample_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID")
    parser.add_argument("--search", metavar="Q", default="", help="text to search for")
    _search_options(parser)
    parser.add_argument("--sort", metavar="FIELD", default="", help="position, chars, bytes, words, tokens or a column")
    parser.add_argument("--descending", action="store_true")
    parser.add_argument(
        "--export",
        metavar="KIND",
        help="write all matches to a file: parquet, jsonl, csv, or spreadsheet (CSV without formulas)",
    )


def _concordance_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID")
    parser.add_argument("search", metavar="Q", help="text to search for")
    _search_options(parser)
    parser.add_argument("--sort", default="position", help="position, or before or after: by the words beside the hits")


def _search_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--split", help="only this split")
    parser.add_argument("--offset", type=whole_number, default=0)
    parser.add_argument("--limit", type=whole_number, default=50)
    parser.add_argument("--mode", default="words", help="words (all of them), any, phrase, substring or regex")
    parser.add_argument("--ignore-case", action="store_true", help="for substring and regex")
    parser.add_argument("--column", help="the text column to search and to print")
    for measure in ("chars", "bytes", "words", "tokens"):
        for bound in ("min", "max"):
            parser.add_argument(f"--{bound}-{measure}", type=whole_number, metavar="N")
    parser.add_argument("--tokenization", metavar="TOK", help="tokenization for token counts and control tokens")
    parser.add_argument(
        "--where",
        action="append",
        metavar="CONDITION",
        help="COLUMN=VALUE, also !=, >=, <=, COLUMN=null, COLUMN=nan, len(COLUMN)>=N",
    )
    parser.add_argument("--duplicates", action="store_true", help="only samples whose text occurs more than once")
    parser.add_argument("--documents", action="store_true", help="only samples that the tokenization used")
    parser.add_argument("--control-tokens", action="store_true", help="only samples with control tokens in the text")


def _tokenize_commands(command: Any) -> None:
    tokenize = command("tokenize", "tokenize a dataset into token sequences")
    tokenize.add_argument("dataset_id", metavar="DATASET_ID")
    preview = command("preview", "show how a recipe tokenizes a text or a sample")
    preview.add_argument("dataset_id", metavar="DATASET_ID", nargs="?")
    preview.add_argument("--text", help="text to tokenize (default: a sample of the dataset)")
    preview.add_argument("--index", type=whole_number, default=0, help="index of the sample in its split, from 0")
    estimate = command("estimate", "estimate sequences, time, size and skipped samples for all presets")
    estimate.add_argument("dataset_id", metavar="DATASET_ID")
    compare = command("compare", "compare two to four tokenizations")
    compare.add_argument("ids", metavar="TOK", nargs="+")
    texts = command("compare-text", "show a text by two to four tokenizers", act="texts.compare_text")
    texts.add_argument("tokenizers", metavar="TOKENIZER", nargs="+", help="a tokenizer's name, or a tokenization")
    texts.add_argument("--text", required=True, help="text to tokenize")
    _hand_over_commands(command)
    for parser in (tokenize, preview, estimate):
        _token(parser)
        parser.add_options = _recipe_options


def _hand_over_commands(command: Any) -> None:
    export = command("export", "export a tokenization for another program")
    export.add_argument("id", metavar="TOK")
    export.add_argument("--kind", default="parquet", help="parquet, bin (sparsify), text or jsonl")
    export.add_argument("--max-samples", type=whole_number, help="text only: most samples per split")
    push = command("push", "push a tokenization to a dataset repository of your own")
    push.add_argument("id", metavar="TOK")
    push.add_argument("repo", metavar="REPO")
    push.add_argument("--public", action="store_true", help="create a public repository (default: private)")
    _token(push)
    snippet = command("snippet", "print code that loads the sequences into a trainer, Python or a shell")
    snippet.add_argument("id", metavar="TOK")
    snippet.add_argument(
        "--program", help="saelens, transformer_lens, sparsify, pytorch, python, remote or shell (default: all)"
    )


def _plan_commands(command: Any) -> None:
    plan = command("plan", "plan a tokenization that many machines make together", act="plans.plan")
    plan.add_argument("dataset_id", metavar="DATASET_ID")
    plan.add_argument("--out", metavar="DIR", required=True, help="the new folder of the plan, which all machines see")
    plan.add_argument("--like", metavar="TOK", help="take recipe and seams of this tokenization")
    _token(plan)
    plan.add_options = _recipe_options
    shard = command("shard", "do one process's share of a plan", act="plans.shard")
    shard.add_argument("--rank", type=whole_number, help="which process this is, from 0 (else the scheduler's)")
    shard.add_argument("--world", type=whole_number, help="how many processes there are (else the scheduler's, or 1)")
    shard.add_argument("--stage", help="only this stage (default: all that can be begun)")
    status = command("status", "show how far a plan is", act="plans.status")
    merge = command("merge", "check and join what the processes of a plan have made", act="plans.merge")
    adopt = command("adopt", "take what a plan made into the library, merging it first if need be", act="plans.adopt")
    adopt.add_argument("--copy", action="store_true", help="copy the files (default: they stay in the plan's folder)")
    run = command("run", "run a plan from beginning to end, and again what an interruption left", act="plans.run")
    run.add_argument("--on", default="local", metavar="WHERE", help="local, slurm, dask://HOST:PORT or ray://HOST:PORT")
    for parser in (shard, merge, run):
        parser.add_argument("--threads", type=whole_number, help="threads of this process")
    for parser in (shard, status, merge, adopt, run):
        parser.add_argument("plan", metavar="PLAN", help="the folder of the plan")
    run.add_argument("more", metavar="-- OPTION", nargs="*", help="slurm: more options of sbatch")


def _recipe_options(parser: argparse.ArgumentParser) -> None:
    from mistudio_core.tokenization.recipes.described import in_one_line
    from mistudio_core.tokenization.recipes.fields import FIELDS

    parser.add_argument("--recipe", metavar="FILE", help="JSON file with recipe fields; options override it")
    groups: dict[str, Any] = {}
    for field in FIELDS.values():
        if field.group not in groups:
            groups[field.group] = parser.add_argument_group(f"recipe: {field.group.lower()}")
        flags = _RENAMED.get(field.name, ["--" + field.name.replace("_", "-")])
        shared: dict[str, Any] = {
            "dest": f"recipe_{field.name}", "default": None, "metavar": _metavar(field),
            "help": in_one_line(field).replace("%", "%%"),
        }  # fmt: skip
        if field.kind == "names":
            groups[field.group].add_argument(*flags, action="append", **shared)
        elif field.kind == "switch":  # it may be given without a value
            groups[field.group].add_argument(*flags, type=_json_or_text, nargs="?", const=True, **shared)
        elif field.kind in ("number", "share", "token"):
            groups[field.group].add_argument(*flags, type=_json_or_text, **shared)
        else:
            groups[field.group].add_argument(*flags, **shared)


def _metavar(field: Field) -> str:
    from mistudio_core.tokenization.recipes.described import values_in_words

    named = {"number": "N", "share": "SHARE", "token": "TOKEN", "choice": field.name.upper()}
    return named.get(field.kind, values_in_words(field))


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _keep_commands(command: Any) -> None:
    command("jobs", "list the jobs, newest first")
    cancel = command("cancel", "cancel a job; finished parts are kept")
    cancel.add_argument("id", metavar="JOB")
    retry = command("retry", "resume a dataset, tokenization or job that failed or was cancelled")
    retry.add_argument("id", metavar="ID")
    _token(retry)
    delete = command("delete", "delete a dataset or a tokenization with its files")
    delete.add_argument("id", metavar="ID")
    delete.add_argument("--cascade", action="store_true", help="also delete its tokenizations and cancel running jobs")
    delete.add_argument("--yes", action="store_true", required=True, help="confirm the deletion")
    rename = command("rename", "change the name or notes of a dataset")
    rename.add_argument("id", metavar="DATASET_ID")
    rename.add_argument("--name")
    rename.add_argument("--notes")
    exports = command("delete-exports", "delete all exports")
    exports.add_argument("--yes", action="store_true", required=True, help="confirm the deletion")
    verify = command("verify", "check the files against their manifests")
    verify.add_argument("id", metavar="ID", nargs="?")
    verify.add_argument("--deep", action="store_true", help="also tokenize some samples again and compare")
    repair = command(
        "repair", "make again what verify finds damaged and other files tell, such as indexes and statistics"
    )
    repair.add_argument("id", metavar="ID", nargs="?")
    command("rebuild", "rebuild the catalog from the files on disk")
