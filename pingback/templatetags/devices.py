"""Browsers and programs as people call them."""

from django import template
from django.utils.safestring import SafeText

from accounts.devices import device_name, is_phone
from pingback.templatetags.look import icon

register = template.Library()
register.filter("device", device_name)


@register.simple_tag
def device_icon(user_agent: str) -> SafeText:
    return icon("smartphone" if is_phone(user_agent) else "monitor")
