"""Read the sentences of theo/needs by the models, once for everybody: `python -m tools.read_needs` after a change of
them. Writes theo/needs.npz.
"""

import os


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pingback.settings")
    import django
    import numpy as np

    django.setup()
    from theo.engine.embedders import embedders
    from theo.needs import KINDS, languages, sentences, stored_as
    from theo.phrases import READ

    models = embedders()
    asked = [(models["e5"], language) for language in languages()] + [(models["minilm"], "en")]
    read = {
        stored_as(model.name, language, kind): model.questions(sentences(language, kind)).astype(np.float16)
        for model, language in asked
        for kind in KINDS
    }
    np.savez_compressed(READ, **read)  # type: ignore[arg-type]
    print(f"{READ}: {sum(map(len, read.values()))} sentences")


if __name__ == "__main__":
    main()
