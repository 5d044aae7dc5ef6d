#include "node/http_tools.h"

#include <pthread.h>
#include <stdlib.h>

struct fc_http_toolbox {
    pthread_mutex_t mutex;
    struct fc_readers *readers;
    struct fc_http_tools *free; /* as many as there ever were threads at work */
};

enum fc_err fc_toolbox_create(struct fc_readers *readers, struct fc_http_toolbox **out)
{
    struct fc_http_toolbox *toolbox = calloc(1, sizeof *toolbox);
    *out = NULL;
    if (!toolbox) {
        return FC_E_NOMEM;
    }
    if (pthread_mutex_init(&toolbox->mutex, NULL) != 0) {
        free(toolbox);
        return FC_E_NOMEM;
    }
    toolbox->readers = readers;
    *out = toolbox;
    return FC_OK;
}

static void tools_destroy(struct fc_http_tools *tools)
{
    fc_reader_close(tools->reader);
    fc_codec_destroy(tools->codec);
    free(tools);
}

void fc_toolbox_destroy(struct fc_http_toolbox *toolbox)
{
    if (!toolbox) {
        return;
    }
    while (toolbox->free) {
        struct fc_http_tools *tools = toolbox->free;
        toolbox->free = tools->next;
        tools_destroy(tools);
    }
    pthread_mutex_destroy(&toolbox->mutex);
    free(toolbox);
}

enum fc_err fc_toolbox_take(struct fc_http_toolbox *toolbox, struct fc_http_tools **out)
{
    pthread_mutex_lock(&toolbox->mutex);
    struct fc_http_tools *tools = toolbox->free;
    if (tools) {
        toolbox->free = tools->next;
    }
    pthread_mutex_unlock(&toolbox->mutex);
    *out = tools;
    if (tools) {
        return FC_OK;
    }
    tools = calloc(1, sizeof *tools);
    enum fc_err err = tools ? fc_reader_open(toolbox->readers, &tools->reader) : FC_E_NOMEM;
    if (err == FC_OK) {
        err = fc_codec_create(&tools->codec);
    }
    if (err != FC_OK && tools) {
        tools_destroy(tools);
        tools = NULL;
    }
    *out = tools;
    return err;
}

void fc_toolbox_give(struct fc_http_toolbox *toolbox, struct fc_http_tools *tools)
{
    pthread_mutex_lock(&toolbox->mutex);
    tools->next = toolbox->free;
    toolbox->free = tools;
    pthread_mutex_unlock(&toolbox->mutex);
}
