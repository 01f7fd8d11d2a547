"""Every setting of PingBack in one typed place. A fresh clone runs with none of them given."""

from pathlib import Path
from urllib.parse import urlsplit

from corsheaders.defaults import default_headers
from django.utils.translation import gettext_lazy as _

from pingback.env import env_bool, env_choice, env_database, env_email, env_int, env_list, env_rate, env_secret, env_str

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env_str("PINGBACK_DATA_DIR", str(BASE_DIR / "var"))).absolute()

# Where we are ---------------------------------------------------------------------------------------------

DEBUG = env_bool("DEBUG", False)
HOST = env_str("HOST", "127.0.0.1")
PORT = env_int("PORT", 8000, minimum=1)
PUBLIC_BASE_URL = env_str("PUBLIC_BASE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
PUBLIC_HOST = urlsplit(PUBLIC_BASE_URL).hostname or "127.0.0.1"
HTTPS = PUBLIC_BASE_URL.startswith("https://")
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", 0)
ALLOWED_HOSTS = list(dict.fromkeys([*env_list("ALLOWED_HOSTS", ("127.0.0.1", "localhost", "[::1]")), PUBLIC_HOST]))

# Keys: separate, random, made on first start; one leaked key opens one door -------------------------------

_SECRETS = DATA_DIR / "secrets"
SECRET_KEY = env_secret("SECRET_KEY", _SECRETS)
JWT_KEY = env_secret("JWT_KEY", _SECRETS)
TICKET_KEY = env_secret("TICKET_KEY", _SECRETS)
VISITOR_KEY = env_secret("VISITOR_KEY", _SECRETS)
VAPID_KEY = env_secret("VAPID_KEY", _SECRETS)
FIELD_KEY = env_secret("FIELD_KEY", _SECRETS)
# The first signs or seals; what the older ones signed is still good, and they open what they sealed.
SECRET_KEY_FALLBACKS = env_list("SECRET_KEYS_OLD")
SECRET_KEYS = [SECRET_KEY, *SECRET_KEY_FALLBACKS]
JWT_KEYS = [JWT_KEY, *env_list("JWT_KEYS_OLD")]
VISITOR_KEYS = [VISITOR_KEY, *env_list("VISITOR_KEYS_OLD")]
FIELD_KEYS = [FIELD_KEY, *env_list("FIELD_KEYS_OLD")]

# The app --------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "pingback.static.Files",
    "rest_framework",
    "corsheaders",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "foundation",
    "accounts",
    "businesses",
    "conversations",
    "channels_app",
    "widgets",
    "theo",
    "workflows",
    "reports",
    "pingback.realtime",
    "pingback.apps.PingbackConfig",
]

if DEBUG:
    INSTALLED_APPS.insert(0, "daphne")  # `manage.py runserver` then serves sockets, too

MIDDLEWARE = [
    "pingback.middleware.KnownHost",
    "pingback.middleware.Asking",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "pingback.middleware.PrivateAnswers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "pingback.api.middleware.EitherSlash",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "businesses.middleware.LiveSession",
    "accounts.middleware.VerifiedFirst",
    "businesses.middleware.SecondFactorFirst",
    "pingback.middleware.ReadersTimeZone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "pingback.urls"
ASGI_APPLICATION = "pingback.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "foundation.drawing.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pingback.context.page",
            ],
        },
    }
]

# Data -----------------------------------------------------------------------------------------------------

DATABASES = {"default": env_database("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'pingback.sqlite3'}")}
EMBEDDED = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if EMBEDDED:
    DATABASES["default"]["ENGINE"] = "foundation.sqlite"
    # IMMEDIATE takes the write lock at BEGIN, so that a transaction never fails half-way on an upgrade of its lock.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
    }
    # Requests come in a few threads that stay (pingback/handler.py); opening a file costs more than most questions.
    # But once an hour, to hear what there is to know of the tables (foundation/statistics.py).
    DATABASES["default"]["CONN_MAX_AGE"] = 3600
    # A file, as in life: in the in-memory database two threads lock each other out at once instead of waiting.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
else:
    DATABASES["default"]["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": env_int("DATABASE_POOL", 16, minimum=1), "timeout": 2},
        # What is bound on the server (foundation/rows.py) is planned once. Behind a pooler that shares connections
        # between transactions it must be one that knows prepared statements, like PgBouncer from 1.21 on.
        "prepare_threshold": 3,
        # `manage.py worker`, for whom nobody waits, gives its statements WORKER_STATEMENT_SECONDS.
        "options": "-c synchronous_commit=on -c statement_timeout=5000 -c idle_in_transaction_session_timeout=15000",
    }
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
WORKER_STATEMENT_SECONDS = 30
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env_str("REDIS_URL")
CHANNEL_LAYERS = {
    "default": {
        # Never the queue layer: slower, and it drops silently. redis-py's own read timeout would end an idle listener.
        "BACKEND": "pingback.realtime.layer.Layer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": None}],
            # Installations may share a Redis, whose pub/sub knows no numbers of databases.
            "prefix": f"pingback:{DATABASES['default']['NAME']}:{urlsplit(REDIS_URL).path.strip('/')}",
        },
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 10_000}}
}

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "pingback.static.Storage"},
}
if DEBUG:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_USE_FINDERS = DEBUG
MEDIA_ROOT = DATA_DIR / "uploads"
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

globals().update(env_email("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", f"PingBack <no-reply@{PUBLIC_HOST}>")

# People ---------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "inbox"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "accounts.validators.MaximumLengthValidator", "OPTIONS": {"max_length": 128}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_ENGINE = "accounts.cookies"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_COOKIE_AGE = 30 * 24 * 3600
# A session ends after this much silence, and in any case after that much time (promises: sign-in).
SESSION_IDLE_SECONDS = env_int("SESSION_IDLE_SECONDS", 14 * 24 * 3600)
SESSION_MAX_SECONDS = env_int("SESSION_MAX_SECONDS", 30 * 24 * 3600)

# Sign-in with Google, for who has a client id: https://developers.google.com/identity/openid-connect/openid-connect
GOOGLE_CLIENT_ID = env_str("GOOGLE_CLIENT_ID")
GOOGLE_AUTH_URL = env_str("GOOGLE_AUTH_URL", "https://accounts.google.com/o/oauth2/v2/auth")
GOOGLE_KEYS_URL = env_str("GOOGLE_KEYS_URL", "https://www.googleapis.com/oauth2/v3/certs")
GOOGLE_ISSUERS = env_list("GOOGLE_ISSUERS", ("https://accounts.google.com", "accounts.google.com"))

# Whether people must follow a mailed link before they may do anything.
REQUIRE_VERIFIED_EMAIL = env_bool("REQUIRE_VERIFIED_EMAIL", False)

# Simplejwt signs and checks; the row that a token names is what makes it live or dead (accounts/tokens.py).
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_KEY,
    "AUDIENCE": "pingback-api",
    "ISSUER": "pingback",
    "USER_ID_CLAIM": "sub",
    "TOKEN_TYPE_CLAIM": "typ",
}

# Who calls, by the app that also knows where they work: the accounts know no one above them, so they are told by name.
CALLERS_SESSION = "businesses.callers.session_of_token"

# An agent whose last socket is gone for so long is offline until the next one (businesses/status.py).
# Seconds after which an answer that its visitor has not read goes out by mail; 0: none does.
MAIL_ANSWERS_AFTER = env_int("MAIL_ANSWERS_AFTER", 300, minimum=0)
AGENT_OFFLINE_AFTER = env_int("AGENT_OFFLINE_AFTER", 120, minimum=1)

# Who learns of what happened. The core knows no one above it, so it is told by name.
FEED_PUBLISHER = "pingback.realtime.publish.publish"
DRAFT_PUBLISHER = "pingback.realtime.publish.draft_changed"
READ_PUBLISHER = "pingback.realtime.publish.conversation_read"
NOTIFICATION_PUBLISHER = "pingback.realtime.publish.notifications_changed"
TYPING_PUBLISHER = "pingback.realtime.publish.customer_types"
CHANNEL_PUBLISHER = "pingback.realtime.publish.channel_changed"
THEO_DRAFT_PUBLISHER = "pingback.realtime.publish.theo_draft"
READ_LISTENER = "workflows.notifications.conversation_read"
MESSAGE_RETRIER = "channels_app.retrying.retry_message"
ANSWER_CHECK = "channels_app.carrying.check_limits"
RECEIPT_PUBLISHER = "pingback.realtime.publish.receipt"
SESSION_ENDED_PUBLISHER = "pingback.realtime.publish.session_ended"
SECOND_FACTOR_PUBLISHER = "pingback.realtime.publish.second_factor_missing"
MEMBERSHIP_ENDED_PUBLISHER = "pingback.realtime.publish.membership_ended"
WORKSPACE_SWITCHED_PUBLISHER = "pingback.realtime.publish.workspace_switched"

# Background work runs in the web process, or in `manage.py worker` processes of its own.
WORKER_IN_PROCESS = env_bool("WORKER_IN_PROCESS", True)

# After SIGTERM: how long new requests are still taken, so that a balancer asks /readyz before the port closes. With
# SQLite there is no other process that could take over.
DRAIN_SECONDS = env_int("DRAIN_SECONDS", 0 if EMBEDDED else 2)

# What the worker puts away every hour: each takes one batch and says how many rows that were.
PURGES = [
    "foundation.statistics.refresh",
    "foundation.throttles.purge",
    "accounts.services.purge_sessions",
    "accounts.links.purge",
    "businesses.invitations.purge",
    "businesses.audit.purge",
    "businesses.feed.purge",
    "conversations.services.uploads.purge_unsent",
    "conversations.services.uploads.purge_strays",
    "conversations.services.leaving.sweep",
    "channels_app.journal.purge",
    "channels_app.journal.purge_strays",
    "theo.outcomes.purge",
    "theo.unanswered.purge",
    "workflows.notifications.purge",
]

# Where an owner pays for a plan, with {plan} and {business_id} in it; empty = nobody pays here.
CHECKOUT_URL = env_str("CHECKOUT_URL")

# Where operators find Django admin; empty or "off" = not served by this process.
ADMIN_PATH = env_str("ADMIN_PATH", "admin").strip("/")
if ADMIN_PATH == "off":
    ADMIN_PATH = ""

# Hosts inside that our own requests may go to, by http and on any port; everybody else is outside (foundation/http.py).
OUTBOUND_ALLOW = [host.lower().rstrip(".") for host in env_list("OUTBOUND_ALLOW")]

# Providers of channels: where their APIs are. Another address than the usual one is a fake or a proxy of the
# operator's own, so that its host may be inside.
META_GRAPH_VERSION = env_str("META_GRAPH_VERSION", "v26.0")
META_APP_SECRET = env_str("META_APP_SECRET")
# Without any app secret Meta's posts cannot be told from forged ones. The documented setup has no place for one, so
# they are believed while one develops: Meta itself calls https alone.
META_ALLOW_UNSIGNED = env_bool("META_ALLOW_UNSIGNED", not HTTPS)


def _provider(name: str, usual: str) -> str:
    url = env_str(name, usual).rstrip("/")
    if url != usual:
        OUTBOUND_ALLOW.append((urlsplit(url).hostname or "").lower())
    return url


META_GRAPH_BASE_URL = _provider("META_GRAPH_BASE_URL", "https://graph.facebook.com")
INSTAGRAM_GRAPH_BASE_URL = _provider("INSTAGRAM_GRAPH_BASE_URL", "https://graph.facebook.com")
TELEGRAM_API_BASE_URL = _provider("TELEGRAM_API_BASE_URL", "https://api.telegram.org")
TELEGRAM_FILE_BASE_URL = _provider("TELEGRAM_FILE_BASE_URL", "https://api.telegram.org")
X_API_BASE_URL = _provider("X_API_BASE_URL", "https://api.x.com")
RESEND_API_BASE_URL = _provider("RESEND_API_BASE_URL", "https://api.resend.com")
# Empty = Amazon's own hosts, one of each region.
AMAZON_SNS_BASE_URL = _provider("AMAZON_SNS_BASE_URL", "")
TWILIO_API_BASE_URL = _provider("TWILIO_API_BASE_URL", "https://api.twilio.com")

# Limits ---------------------------------------------------------------------------------------------------

# What Theo reads meaning with: auto takes whatever is there (theo/engine/embedders.py).
THEO_ENGINE = env_choice("THEO_ENGINE", "auto", ("auto", "full", "e5", "minilm", "lexical"))
# A language model for all workspaces that want it (theo/language_models.py); without a name there is none. Its address
# may lie on the own network: nobody else's may because of it.
THEO_MODEL = env_str("THEO_MODEL")
THEO_MODEL_PROVIDER = env_choice("THEO_MODEL_PROVIDER", "openai", ("openai", "anthropic"))
THEO_MODEL_URL = env_str("THEO_MODEL_URL", f"https://api.{THEO_MODEL_PROVIDER}.com/v1").rstrip("/")
THEO_MODEL_KEY = env_str("THEO_MODEL_KEY")
THEO_MODEL_TOKENS = env_int("THEO_MODEL_TOKENS", 1_000_000)  # of one workspace, a month
THROTTLES = env_bool("THROTTLES", True)
# "most/seconds", counted in rows so that a restart forgives nothing; 0 turns one off (foundation/throttles.py).
THROTTLE_RATES = {
    name: env_rate(f"THROTTLE_{name}", default)
    for name, default in {
        "LOGIN": "10/900",  # wrong passwords for one account from one address
        "LOGIN_ACCOUNT": "50/3600",  # for one account from anywhere: nobody is locked out, but beyond it ...
        "LOGIN_SLOWED": "1/30",  # ... each address has to wait between its tries
        "LOGIN_ADDRESS": "100/900",  # from one address
        "REGISTER": "20/3600",  # accounts from one address
        "PASSWORD": "10/900",  # wrong current passwords of somebody who is signed in
        "SECOND_FACTOR": "5/900",  # wrong codes for one account
        "PASSKEY": "60/900",  # passkeys asked for before signing in, from one address
        "RESET": "3/3600",  # mails to one account
        "RESET_ADDRESS": "30/3600",  # asked for from one address
        "VERIFY": "3/3600",  # mails to one account beside the first
        "CHANGE_EMAIL": "3/3600",  # mails to addresses that one account names
        "INVITE": "30/3600",  # invitations of one workspace
        "EXPORT": "20/3600",  # exports of one workspace
        "UPLOAD": "200/3600",  # files of one agent
        "VISITOR_UPLOAD": "20/3600",  # files of one visitor
        "VISITOR_UPLOAD_BYTES": "104857600/86400",  # and how much that is
        # A visitor is quickly made: files of all from one address, and of all in one workspace.
        "VISITOR_UPLOAD_EACH": "60/3600",
        "VISITOR_UPLOAD_EACH_BYTES": "314572800/86400",
        "VISITOR_UPLOAD_ALL_BYTES": "1073741824/86400",
        "VISITOR": "30/60",  # new visitors from one address
        "ANONYMOUS": "60/60",  # conversations that new visitors from elsewhere open in one workspace
        "ANONYMOUS_EACH": "2/60",  # and beyond that, from each address
        "RATING": "30/3600",  # ratings of one visitor: a comment after the fact, what Theo's answers were worth
        "TRANSCRIPT": "3/3600",  # conversations mailed to one visitor
        "TRANSCRIPT_ADDRESS": "5/86400",  # and to one address, whoever asks
        "ANSWERS_ADDRESS": "20/86400",  # mails with answers to one address
        "HELP": "120/60",  # searches in help centres from one address
        "SITE_IMPORT": "10/3600",  # sites that one workspace has read
        "THEO_CUSTOMER": "10/60",  # messages of one customer that Theo answers by itself
        "THEO_MAIL": "1/600",  # mails that Theo answers by itself in one conversation
        "THEO_MAIL_CUSTOMER": "3/3600",  # and of one customer
        "PUSH_TEST": "20/3600",  # tests that one person has pushed to their browsers
        "THEO_HELP": "60/600",  # what one agent asks a language model for
        "THEO_TEST": "30/3600",  # tests of one workspace's language model
        "VISITOR_KEY": "10/60",  # keys that we never made, from one address
        "WEBHOOK_REFUSED": "20/60",  # requests that nobody vouches for, from one address
        "SOCKET_MESSAGES": "120/60",  # messages of one visitor's socket; kept in its process
    }.items()
}
# "rate/burst": so many a second in the long run, so many at once (foundation/buckets.py); 0 turns one off.
THROTTLE_BUCKETS = {
    name: env_rate(f"THROTTLE_{name}", default)
    for name, default in {
        "API": "300/3000",  # calls with one token or cookie
        "API_BUSINESS": "1000/10000",  # calls in one workspace
        "SOCKET_MESSAGE": "3/20",  # messages of one visitor's socket
        "SOCKET_TYPING": "1/2",  # typing of one socket
        "SOCKET_VISITOR": "10/60",  # everything else of a visitor's
        "SOCKET_MEMBER": "50/200",  # everything else of a member's
        "WEBHOOK": "200/1000",  # what one channel's provider sends us
        "SOCKET_REFUSED": "10/200",  # refusals of one socket, which is cut beyond them
    }.items()
}
# Sockets at once; 0 takes a cap away. Loopback and unknown addresses are never counted.
CONNECTIONS_PER_ADDRESS = env_int("CONNECTIONS_PER_ADDRESS", 50)
CONNECTIONS_PER_VISITOR = env_int("CONNECTIONS_PER_VISITOR", 10)
CONNECTIONS_PER_USER = env_int("CONNECTIONS_PER_USER", 20)  # in each workspace
JSON_BODY_BYTES = 512 * 1024
WEBHOOK_BODY_BYTES = 3 * 1024 * 1024
MAIL_BODY_BYTES = 25 * 1024 * 1024
MEDIA_BYTES = env_int("MEDIA_BYTES", 32 * 1024 * 1024, minimum=1)  # one file that a customer sends over a channel
UPLOAD_BYTES = env_int("UPLOAD_BYTES", 10 * 1024 * 1024, minimum=1)  # one file
# Nothing is said for so long after the body has come: the caller is told to try again. A database that hangs keeps
# its own promises to end a statement no better than this.
REQUEST_SECONDS = env_int("REQUEST_SECONDS", 10, minimum=1)
REQUESTS_IN_FLIGHT = env_int("REQUESTS_IN_FLIGHT", 64, minimum=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = JSON_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 5
# To the disk at once, counted, whatever its size: sixty uploads at a time are not in memory.
FILE_UPLOAD_HANDLERS = ["foundation.uploads.CountedFile"]

# The API --------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "businesses.api.authentication.ApiTokenBearer",
        "accounts.api.authentication.Bearer",
        "accounts.api.authentication.OwnPages",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "pingback.api.throttles.NotTooFast",
        "accounts.api.permissions.VerifiedFirst",
        "businesses.api.permissions.WithinScopes",
        "businesses.api.permissions.SecondFactorFirst",
    ],
    "DEFAULT_PARSER_CLASSES": ["pingback.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["pingback.api.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "pingback.api.renderers.AlwaysJSON",
    "DEFAULT_SCHEMA_CLASS": "pingback.api.schema.Schema",
    "EXCEPTION_HANDLER": "pingback.api.errors.answer",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PingBack",
    "VERSION": "1",
    "DESCRIPTION": "Customer messaging: conversations, channels and the chat widget.",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "pingback.api.schema.refuse_who_may_not_act",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ConversationStatus": "conversations.models.Status",
        "Role": "businesses.models.Role",
        "AgentStatus": "businesses.models.AgentStatus",
        "ChannelType": "conversations.models.ChannelType",
        "ChannelState": "channels_app.models.ChannelState",
        "NotificationKind": "workflows.models.NotificationKind",
        "ArticleStatus": "theo.models.ArticleStatus",
        "SortEnum": "conversations.sorting.Sort",
        "CustomerSort": "conversations.people.Sort",
    },
}
CORS_ALLOWED_ORIGINS = env_list("API_CORS_ORIGINS")
CORS_URLS_REGEX = r"^/api/v1/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = [*default_headers, "x-visitor-key"]

# Browsers -------------------------------------------------------------------------------------------------

CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# The prefix makes the browser itself refuse a cookie that another subdomain planted.
SESSION_COOKIE_NAME = "__Host-pingback" if HTTPS else "pingback"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_FAILURE_VIEW = "pingback.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
# Other names below the operator's domain are not ours to bind.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "strict-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "https:"],
        "connect-src": ["'self'", PUBLIC_BASE_URL.replace("http", "ws", 1)],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# Languages and clocks -------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

# What is written down -----------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"masked": {"()": "pingback.logs.Masked"}},
    "formatters": {"line": {"()": "pingback.logs.OneLine", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["masked"]}},
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "WARNING")},
    "loggers": {
        "pingback": {"level": "INFO"},
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "ERROR"},
        # A client that comes back after a restart names a session that is gone: it is told, nobody else need be.
        "engineio.server": {"level": "CRITICAL"},
        # It tells of every second that Redis is away; pingback.realtime says it once.
        "channels_redis": {"level": "CRITICAL"},
    },
}
