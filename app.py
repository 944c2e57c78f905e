"""The entrypoint of the app: the script of every page, and what `streamlit run` serves it with."""

if __name__ == "__main__":
    from mistudio_core.ui.app import shell

    shell.run()
else:  # `streamlit run` imports this file for `app`, and runs it as the main module for every page
    import streamlit as st

    from mistudio_core.api.framing import forbidding_strangers
    from mistudio_core.api.mount import beside_the_app

    routes, lifespan = beside_the_app(st.get_option("server.baseUrlPath") or "")
    app = st.App(__file__, routes=routes, middleware=forbidding_strangers(), lifespan=lifespan)
