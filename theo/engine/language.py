"""Whether a question is in English: MiniLM reads nothing else. Source: theo.md 3."""

import re

# The commonest words of English that questions are made of.
COMMON = frozenset(
    re.findall(
        r"[\w']+",
        "a about after again all also am an and any are as ask at back be because been before being but buy "
        "by call can  can't cancel card change could day days did do does doesn't don't for from get give go "
        "good got had has have  hello help hey hi how i i'd i'm i've if in into is isn't it it's just know "
        "let like long make many may me money  month more much my need new no not now of off on one only open "
        "or order other our out over pay please price put  return same see send should show so some still "
        "take tell than thank thanks that the their them then there they  thing this time to today too up us "
        "use using want was we what what's when where which who why will with won't work  would yes you your",
    )
)
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|')*")


def is_english(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    if letters and sum(not letter.isascii() for letter in letters) > len(letters) / 5:
        return False
    words = _WORD.findall(text.lower())
    if len(words) < 3:  # a word or two tell nothing
        return True
    # A third, not half: what a shop sells is not among the common words.
    return sum(word in COMMON for word in words) * 3 >= len(words)
