// Every text of the widget, by language; a function where a name or a number comes in.
// Two catalogues, because the loader carries only what the launcher says.

const spoken = (catalogue, locale = document.documentElement.lang) =>
  catalogue[locale] ?? catalogue[locale.split("-")[0]] ?? catalogue.en

const launcher = {
  en: {
    /** words: those on the launcher, if any. */
    open: (words, count) => (words || "Open chat") + (count ? `, ${count} unread` : ""),
    close: "Close chat",
    dismiss: "Dismiss",
    region: "Chat",
    title: (name) => `Chat with ${name}`,
  },
}

const frame = {
  en: {
    attach: "Attach a file",
    away: "We are away",
    back: "Back",
    backOn: (day, time) => `Back on ${day} at ${time}`,
    backToday: (time) => `Back at ${time}`,
    backTomorrow: (time) => `Back tomorrow at ${time}`,
    cancel: "Remove",
    close: "Close chat",
    closed: "This conversation is closed. Write again to reopen it.",
    delivered: "Delivered",
    badAddress: "Write an address like cleo@example.com.",
    before: "Before we start",
    beforeLead: "So that we know who we speak with.",
    comment: "What could be better?",
    earlier: "Earlier messages",
    email: "E-mail",
    emoji: "Emoji",
    empty: "This file is empty.",
    failed: "Not sent.",
    files: "Files to send",
    howWasIt: "How did we do?",
    leave: "Leave a message and your e-mail address, and we answer when we are back.",
    lost: "The page was left before it was up. Choose it again.",
    mailIt: "E-mail me this conversation",
    message: "Message",
    mute: "Mute sounds",
    messages: "Messages",
    missing: "This is needed.",
    name: "Name",
    newConversation: "New conversation",
    newMessages: "New messages",
    offline: "No connection. Your messages are kept and go out in order.",
    notSent: "Not sent. Try again.",
    online: "Online now",
    optional: "optional",
    read: "Read",
    removeFile: (name) => `Remove ${name}`,
    refused: "This chat is not available right now.",
    replies: {
      minutes: "Usually replies in a few minutes",
      hour: "Usually replies within an hour",
      hours: "Usually replies within a few hours",
      day: "Usually replies within a day",
    },
    resolved: "This conversation is resolved. Write again to reopen it.",
    retry: "Try again",
    runsOn: "Runs on PingBack",
    scores: ["1, bad", "2", "3", "4", "5, great"],
    send: "Send",
    sendComment: "Send comment",
    sendMessage: "Send us a message",
    sending: "Sending",
    sent: "Sent",
    signIn: "Sign in on this site to write to us.",
    thanks: "Thank you.",
    today: "Today",
    tooBig: (megabytes) => `At most ${megabytes} MB a file.`,
    tooMany: (count) => `At most ${count} files at once.`,
    typing: (name) => `${name} is typing`,
    unread: "New",
    uploading: "Uploading",
    waiting: "Waiting to send",
    yesterday: "Yesterday",
    you: "You",
    your: "Your conversations",
  },
}

/** locale: "" for the page's own. */
export const launcherTexts = (locale) => spoken(launcher, locale || undefined)
export const frameTexts = () => spoken(frame)
