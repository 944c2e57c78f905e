"""Where a tokenization runs: on this machine, on the cluster of the settings, or elsewhere by a saved plan."""

from __future__ import annotations

from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Dataset, Job
from mistudio_core.ui.app import failures
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.tokenize import recipe_fields
from mistudio_core.ui.widgets import formats

HERE: Final = "This machine"
CLUSTER: Final = "Cluster"
PLAN: Final = "Save the plan"


def draw(library: Library, dataset: Dataset) -> str:
    """Draw the choice and return it; a shared library has none."""
    if library.settings.shared:
        return HERE
    places = [HERE, *([CLUSTER] if library.settings.cluster else []), PLAN]
    chosen = st.segmented_control(
        "Where to run",
        places,
        default=HERE,
        required=True,
        key=recipe_fields.key(dataset, "where"),
        persist_state="session",
        help=_help(library.settings.cluster),
    )
    return str(chosen or HERE)


def _help(cluster: str) -> str:
    named = f"{CLUSTER}: `{plain(cluster, 60)}`. " if cluster else "MISTUDIO_CLUSTER names a cluster. "
    return f"{named}{PLAN}: a folder for any cluster that sees these files. The sequences are the same everywhere."


def plan_button(dataset: Dataset, *, ready: bool) -> None:
    """Draw the button that makes a plan; the tokenizer has to be loaded for it."""
    st.button(
        "Make the plan",
        key=recipe_fields.key(dataset, "make_plan"),
        icon=":material/schema:",
        type="primary",
        disabled=not ready,
        help=None if ready else "Load the tokenizer first.",
        on_click=_make_plan,
        args=(dataset.id,),
    )


def _make_plan(dataset_id: str) -> None:
    key = recipe_fields.key(dataset_id, "plan")
    st.session_state.pop(key, None)
    with failures.storing(recipe_fields.key(dataset_id, "tokenize_error")):
        fields = recipe_fields.recipe(dataset_id)
        st.session_state[key] = (fields, open_library().packed_plan(dataset_id, fields))


def saved_plan(dataset: Dataset, recipe: object) -> None:
    """Draw the plan that was made of this recipe, with the commands for it."""
    fields, packed = st.session_state.get(recipe_fields.key(dataset, "plan"), (None, None))
    if packed is None or fields != recipe:
        return
    with st.container(border=True, gap="small"):
        st.download_button(
            f"Download {packed.name}",
            packed.content,
            file_name=packed.name,
            mime="application/zip",
            icon=":material/download:",
            key=recipe_fields.key(dataset, "plan_download"),
            on_click="ignore",
        )
        st.caption("Unpack it on a disk that all machines share. Submit the script again for what is missing.")
        st.code("\n".join(packed.commands), language="bash")
        st.caption("`shard.sbatch`")
        st.code(packed.script, language="bash")


def failed_shards(job: Job) -> None:
    """Draw which steps of a job on a cluster failed, where and why, and how many workers tell of themselves."""
    if "workers" not in job.live:
        return
    st.caption(formats.counted(job.live["workers"], "worker"))
    failed = job.live["failed"]
    if failed:
        lines = [
            f"- {plain(word['stage'], 20)} {formats.exact(word['index'])} on {plain(word['host'], 60)}: "
            f"{plain(word['message'], 200)}"
            for word in failed
        ]
        more = job.live["num_failed"] - len(failed)
        lines += [f"- and {formats.exact(more)} more"] if more > 0 else []
        st.warning("Failed, and tried again:\n" + "\n".join(lines), icon=":material/warning:")
