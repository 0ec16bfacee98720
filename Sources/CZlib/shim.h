#pragma once
#include <zlib.h>

// A macro that Swift does not import. Negative bits: raw deflate, without header and checksum.
static inline int shim_inflate_init_raw(z_stream *stream) { return inflateInit2(stream, -15); }
