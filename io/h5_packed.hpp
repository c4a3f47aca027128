// Packed datasets: two dimensions, in chunks of whole rows, shuffled and deflated. Chunks are
// unpacked here, not by libhdf5, whose filters take as much memory as a hostile chunk asks for.
#pragma once

#include "io/h5_shape.hpp"

namespace muster::io::h5 {

/// What a deflated byte can become, and no more.
inline constexpr std::uint64_t most_packing = 1032;

/// How a dataset of this shape is stored packed.
Properties packed_storage(Shape const& shape);
/// Throws Error (Exit::user) unless chunks and filters are those of packed_storage.
void require_packed_storage(hid_t made, Shape const& shape, Place const& place);

/// All rows, which `values` has one after another.
void write_packed(hid_t dataset, Shape const& shape, void const* values);
/// Calls `use` with all rows, a chunk at a time. Throws Error (Exit::user) for a chunk that is
/// missing or is not what it claims to be.
void for_each_packed_block(hid_t dataset, Shape const& shape, Place const& place,
                           BlockFunction const& use);

}  // namespace muster::io::h5
