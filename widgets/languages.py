"""The languages that the chat speaks: one file each in frontend/widget/languages/, which a translator edits.

English is built into the scripts, so that nothing more is fetched for it; of another language the launcher's few words
go along with the widget's settings, and the frame fetches its own from static/widget/languages/, where
`npm run build:widget` packs them. Mails to visitors, and the pages behind their links, speak from here. Source: issue
"widget", look.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation.trans_real import parse_accept_lang_header

FOLDER = Path(settings.BASE_DIR, "frontend/widget/languages")
ENGLISH = "en"
# Names that browsers still give.
_FORMER = {"iw": "he"}
# More of a header or a tag is no language.
_LONGEST = 500
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """name: as its speakers call it. direction: "ltr" or "rtl". page: what it says outside of its frame. mail: in
    mails, and on the pages that they lead to.
    """

    code: str
    name: str
    direction: str
    page: Mapping[str, object]
    mail: Mapping[str, str]

    @property
    def is_english(self) -> bool:
        return self.code == ENGLISH

    def written(self, **values: str) -> dict[str, str]:
        """What mails say, with these in the place of their names; names without a value stay."""
        return {name: _NAME.sub(lambda found: values.get(found[1], found[0]), text) for name, text in self.mail.items()}


def _read(file: Path) -> Language:
    told = json.loads(file.read_text())
    page = {**told["launcher"], **told["panel"]}
    return Language(code=file.stem, name=told["name"], direction=told["direction"], page=page, mail=told["mail"])


LANGUAGES: Mapping[str, Language] = {file.stem: _read(file) for file in sorted(FOLDER.glob("*.json"))}


def language_of(*asked: str, accepted: str = "") -> Language:
    """The first of those asked for that we speak, then the best of the browser's (Accept-Language), then English.

    asked: as pages name them ("pt-BR", "de_AT"), "" for none.
    """
    browsers = [tag for tag, _weight in parse_accept_lang_header(accepted[:_LONGEST])]
    for tag in [*asked, *browsers]:
        code = tag[:_LONGEST].replace("_", "-").split("-")[0].lower()
        if found := LANGUAGES.get(_FORMER.get(code, code)):
            return found
    return LANGUAGES[ENGLISH]
