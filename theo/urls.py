from django.urls import path

from theo import example_pages, help_pages, helping_pages, playground, setting_pages, site_pages, views

urlpatterns = [
    path("knowledge/", views.knowledge, name="knowledge"),
    path("knowledge/new/", views.new_article, name="knowledge-new"),
    path("knowledge/import/", views.import_articles, name="knowledge-import"),
    path("knowledge/import/site/", site_pages.begin, name="knowledge-site"),
    path("knowledge/import/reading/", site_pages.reading, name="knowledge-reading"),
    path("knowledge/import/<uuid:import_id>/", site_pages.one_import, name="knowledge-site-import"),
    path("knowledge/questions/", views.unanswered, name="knowledge-unanswered"),
    path("knowledge/questions/<uuid:group_id>/dismiss/", views.dismiss_unanswered, name="knowledge-dismiss"),
    path("knowledge/use/", views.article_use, name="knowledge-use"),
    path("knowledge/<uuid:article_id>/", views.one_article, name="knowledge-article"),
    path("knowledge/<uuid:article_id>/examples/", example_pages.add, name="example-add"),
    path("knowledge/<uuid:article_id>/examples/<int:example_id>/", example_pages.remove, name="example-remove"),
    path("knowledge/<uuid:article_id>/delete/", views.delete_article, name="knowledge-delete"),
    path("knowledge/help-centre/", help_pages.switch, name="help-centre-switch"),
    path("help/<uuid:business_id>/", help_pages.articles, name="help-centre"),
    path("help/<uuid:business_id>/<uuid:article_id>/", help_pages.article, name="help-article"),
    path("settings/theo/reindex/", setting_pages.reindex, name="settings-theo-reindex"),
    path("settings/theo/", setting_pages.assistant, name="settings-theo"),
    path("settings/theo/model/", setting_pages.language_model, name="settings-theo-model"),
    path("settings/theo/playground/", playground.playground, name="settings-theo-playground"),
    path("inbox/<uuid:conversation_id>/summary/", helping_pages.summary, name="conversation-summary"),
    path("inbox/<uuid:conversation_id>/rewritten/", helping_pages.rewritten, name="conversation-rewritten"),
    path("theo/drafts/<uuid:reply_id>/drop/", views.drop_suggestion, name="theo-drop"),
    path("theo/messages/<uuid:message_id>/wrong/", views.wrong_answer, name="theo-wrong"),
    path("inbox/<uuid:conversation_id>/suggestion/", views.suggestion, name="conversation-suggestion"),
]
