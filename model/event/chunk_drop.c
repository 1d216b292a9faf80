#include "model/event/chunk_drop.h"

#include "model/base/hash.h"

static bool part_kept(const struct chunk_segment *segment, int column, unsigned out_columns)
{
    return segment->parts[column].size && !(out_columns >> column & 1);
}

static bool segment_put(struct bytes *head, const struct chunk_segment *segment,
                        unsigned out_columns)
{
    unsigned mask = 0;
    for (int i = 0; i < COLUMN_COUNT; i++)
        mask |= part_kept(segment, chunk_order[i], out_columns) ? 1u << i : 0;
    bytes_put_u8(head, segment->kind);
    bytes_put_u8(head, segment->base ? segment->base->kind : 0);
    bytes_put_varint(head, segment->n);
    bytes_put_varint(head, segment->n_people);
    bytes_put_signed(head, segment->first);
    bytes_put_varint(head, (uint64_t)segment->last - (uint64_t)segment->first);
    bytes_put_varint(head, mask);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        const struct chunk_part *part = &segment->parts[chunk_order[i]];
        if (!part_kept(segment, chunk_order[i], out_columns))
            continue;
        if (part->form == FORM_MAPPED && out_columns >> part->from & 1)
            return false;
        bytes_put_varint(head, (uint64_t)part->size << FORM_BITS | part->form);
        if (part->form == FORM_MAPPED)
            bytes_put_u8(head, part->from);
        if (part->in_head)
            bytes_put(head, part->in_head, part->size);
        else
            bytes_put_u32(head, part->checksum);
    }
    return true;
}

bool chunk_drop(const void *head, size_t head_size, const void *data, size_t data_size,
                unsigned out_columns, struct chunk_bytes *out)
{
    struct chunk_head parsed = {0};
    out->head.n = out->data.n = 0;
    bool good = chunk_head_read(&parsed, head, head_size) && parsed.data_size == data_size;
    bytes_put_u8(&out->head, CHUNK_VERSION);
    bytes_put_varint(&out->head, good ? parsed.n : 0);
    for (size_t s = 0; good && s < parsed.n; s++)
        good = segment_put(&out->head, &parsed.segments[s], out_columns);
    bytes_put_u32(&out->head, (uint32_t)hash64(out->head.at, out->head.n));
    for (int i = 0; good && i < COLUMN_COUNT; i++)
        for (size_t s = 0; s < parsed.n; s++) {
            const struct chunk_part *part = &parsed.segments[s].parts[chunk_order[i]];
            if (part_kept(&parsed.segments[s], chunk_order[i], out_columns) && !part->in_head)
                bytes_put(&out->data, (const unsigned char *)data + part->offset, part->size);
        }
    chunk_head_free(&parsed);
    return good;
}
