"""Templates whose parts that are the same in every answer are drawn once for each language.

Of a page's nodes a third are words to translate, signs and addresses without anything in them: with the text between
them they become one. Addresses that only ids go into are put together by hand.

And what looks alike on many pages, but for ids and texts in places that are known, is drawn once with holes there.
"""

import re
import secrets
from collections.abc import Hashable, Iterable
from functools import _lru_cache_wrapper, lru_cache
from typing import Any, TypeGuard
from uuid import UUID

from django.conf import settings
from django.template import Context, Engine, Node, NodeList, Origin, Template
from django.template.base import FilterExpression, TextNode, Variable
from django.template.defaulttags import CommentNode, IfNode, LoadNode, URLNode
from django.template.library import SimpleNode
from django.template.loader import render_to_string
from django.template.loader_tags import IncludeNode
from django.template.loaders import cached
from django.templatetags.i18n import TranslateNode
from django.templatetags.static import StaticNode
from django.utils.html import conditional_escape
from django.utils.safestring import SafeText
from django.utils.translation import get_language

from foundation.web import address

# Some ten KB each.
KEPT = 1_000


def filled(template: str, alike: Hashable, **holes: UUID | str) -> SafeText:
    """A template drawn once for everything that it shows, which is `alike`, but for what goes into its holes.

    holes: by the names that the template has them by, such as the id of a row and the token of its forms. It prints
    them and does nothing else with them: while it is drawn they are marks. An id is a UUID there, for its addresses.
    """
    draw = _with_holes.__wrapped__ if settings.DEBUG else _with_holes  # a template that was edited shows at once
    kinds = tuple((name, isinstance(value, UUID)) for name, value in holes.items())
    pieces = draw(template, alike, kinds, get_language())
    values = {name: conditional_escape(str(value)) for name, value in holes.items()}
    return SafeText("".join([values[piece] if at % 2 else piece for at, piece in enumerate(pieces)]))


@lru_cache(maxsize=KEPT)
def _with_holes(
    template: str, alike: Hashable, holes: tuple[tuple[str, bool], ...], language: str | None
) -> tuple[str, ...]:
    """Text and the names of holes in turns. holes: names, and whether they are ids. language: the one of now."""
    marks: dict[str, UUID | str] = {
        name: UUID(int=_MARK + at) if is_id else f"hole-{_MARK + at:x}" for at, (name, is_id) in enumerate(holes)
    }
    drawn = render_to_string(template, {"alike": alike, **marks})
    if not marks:
        return (drawn,)
    names = {str(mark): name for name, mark in marks.items()}
    pieces = re.split(f"({'|'.join(names)})", drawn)
    return tuple(names[piece] if at % 2 else piece for at, piece in enumerate(pieces))


# Nobody can know it: a text of somebody's that holds a mark would be filled with what another reader's page has there.
_MARK = secrets.randbits(120) << 8


class Loader(cached.Loader):
    """`("foundation.drawing.Loader", [...])` in place of Django's own, which keeps templates as well."""

    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        template = super().get_template(template_name, skip)
        if not isinstance(template.nodelist, Settled):
            _settle(template.nodelist, template.engine)
            template.nodelist = Settled(template.nodelist)
        return template


class Settled(NodeList):
    """What needs no second look."""


class Constant(Node):
    """Nodes that draw the same whatever the context, but for its language."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self._drawn: dict[tuple[str | None, bool], str] = {}

    def render(self, context: Context) -> str:
        key = (get_language(), context.autoescape)
        if (drawn := self._drawn.get(key)) is None:
            drawn = self._drawn[key] = "".join(str(node.render_annotated(context)) for node in self.nodes)
        return drawn


class Address(Node):
    """`{% url 'name' one.pk two.pk %}`. What is given otherwise than by ids goes Django's way."""

    def __init__(self, node: URLNode) -> None:
        self.node, self.name = node, str(node.view_name.var)

    def render(self, context: Context) -> str:
        ids = [given.resolve(context) for given in self.node.args]
        for each in ids:
            if type(each) is not UUID:
                return str(self.node.render(context))
        return address(self.name, *ids)


def _settle(nodes: NodeList, engine: Engine) -> None:
    """Join neighbours that are constant, here and in everything below."""
    joined: list[Node] = []
    run: list[Node] = []
    for node in [*nodes, None]:
        if node is not None and _is_constant(node, engine):
            run.append(node)
            continue
        joined += run if all(isinstance(each, TextNode) for each in run) else [Constant(run)]
        run = []
        if node is not None:
            for below in _below(node):
                _settle(below, engine)
            joined.append(Address(node) if _is_address(node) else node)
    nodes[:] = joined


def _below(node: Node) -> Iterable[NodeList]:
    if isinstance(node, IfNode):
        return [branch for _condition, branch in node.conditions_nodelists]
    found = (getattr(node, name, None) for name in node.child_nodelists)
    return [each for each in found if isinstance(each, NodeList)]


def _is_constant(node: Node, engine: Engine) -> bool:
    match node:
        case TextNode() | LoadNode() | CommentNode():
            return True
        case TranslateNode(asvar=None, message_context=None):
            return _is_literal(node.filter_expression)
        case URLNode(asvar=None):
            return _is_literal(node.view_name) and not node.args and not node.kwargs
        case StaticNode(varname=None):
            return _is_literal(node.path)
        case SimpleNode(target_var=None) if not node.takes_context:
            # Whose answers are kept by what they are asked with hangs on nothing else.
            given = [*node.args, *node.kwargs.values()]
            return isinstance(node.func, _lru_cache_wrapper) and all(map(_is_literal, given))
        case IncludeNode(isolated_context=False) if not node.extra_context:
            if not _is_literal(node.template):
                return False
            included = engine.get_template(node.template.var)
            return all(isinstance(each, Constant | TextNode) for each in included.nodelist)
        case _:
            return False


def _is_address(node: Node) -> TypeGuard[URLNode]:
    return isinstance(node, URLNode) and node.asvar is None and not node.kwargs and _is_literal(node.view_name)


def _is_literal(expression: Any) -> bool:
    if not isinstance(expression, FilterExpression) or expression.filters:
        return False
    return not isinstance(expression.var, Variable) or expression.var.lookups is None
