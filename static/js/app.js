// Every page's entry: finds what the page has by its data- attributes and makes it livelier. Without it all still works.

import { enhanceCopy } from "./copy.js"
import { enhanceDialogs } from "./dialog.js"
import { enhanceForms } from "./once.js"
import { enhanceMenus } from "./menu.js"
import { enhanceSignOut } from "./sign-out.js"
import { enhanceTabs } from "./tabs.js"
import { enhanceTheme } from "./theme.js"
import { enhanceToasts } from "./toast.js"
import { tellZone } from "./zone.js"

tellZone()
enhanceTheme()
enhanceMenus()
enhanceDialogs()
enhanceCopy()
enhanceForms()
enhanceSignOut()
enhanceToasts()
enhanceTabs()

const has = (selector) => document.querySelector(selector)
if (has("[data-inbox]")) import("./theo.js").then((module) => module.enhanceSuggestions(document))
if (has("[data-inbox]")) import("./inbox.js").then((module) => module.enhanceInbox(document.body))
else if (has("body[data-business]")) import("./presence.js").then((module) => module.stayLive(document.body))
if (has("main.page [data-change]")) import("./in-place.js").then((module) => module.enhanceInPlace(module.OF_A_PAGE))
if (has("[data-bell]")) import("./bell.js").then((module) => module.enhanceBell(has("[data-bell]")))
if (has("[data-push]")) import("./push.js").then((module) => module.enhancePush(has("[data-push]")))
if (has("#palette") && !has("[data-inbox]"))
  import("./palette.js").then((module) => module.enhancePalette(has("#palette")))
if (has("[data-own-status]")) import("./presence.js").then((module) => module.enhanceStatus(has("[data-own-status]")))
if (has("[data-widget-form]"))
  import("./widget-form.js").then((module) => module.enhanceWidgetForm(has("[data-widget-form]")))
if (has("[data-unsaved]")) import("./unsaved.js").then((module) => module.guardUnsaved(has("[data-unsaved]")))
if (has("[data-template]")) import("./template.js").then((module) => module.enhanceTemplate(has("[data-template]")))
if (has("[data-most-bytes]"))
  import("./picked.js").then((module) => module.enhancePicked(document.querySelectorAll("[data-most-bytes]")))
if (has("[data-fills]")) import("./fill.js").then((module) => module.enhanceFills(has("[data-fills]")))
if (has("[data-commands]")) import("./commands.js").then((module) => module.enhanceCommands(has("[data-commands]")))
if (has("[data-colour]")) import("./widget-form.js").then((module) => module.showColours())
if (has("[data-google-answer]")) import("./google.js").then((module) => module.takeAnswer(has("[data-google-answer]")))
if (has("[data-passkey]"))
  import("./passkey.js").then((module) => module.enhancePasskeys(document.querySelectorAll("[data-passkey]")))
if (has("[data-live]")) import("./onboarding.js").then((module) => module.enhanceLive(has("[data-live]")))
if (has("[data-settling]")) import("./settling.js").then((module) => module.enhanceSettling(has("[data-settling]")))
if (has("[data-channels]")) import("./settling.js").then((module) => module.followChannels(has("[data-channels]")))
if (has("form[data-look]")) import("./look.js").then((module) => module.enhanceLook(has("form[data-look]")))
if (has("[data-view-form]")) import("./view-form.js").then((module) => module.enhanceViewForm(has("[data-view-form]")))
