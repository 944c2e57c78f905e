# Five short targets. DATA names a Parquet file of text for the benchmarks, TOKENIZER a tokenizer.
.PHONY: app check test bench docs

app:  ## start the app
	streamlit run app.py

check:  ## formatting, lint, types and all tests
	python tests/check.py

test:  ## the tests alone; make test ARGS="-k recipe"
	python -m pytest -n auto --maxprocesses=4 --dist=loadfile $(ARGS)

bench:  ## speed of tokenization beside its peers; make bench DATA=text.parquet TOKENIZER=folder
	python benchmarks/tokenize.py --data $(DATA) --tokenizer $(TOKENIZER)

docs:  ## write docs/cli.md, docs/api.md and the table of recipe fields anew
	python docs/generate.py
