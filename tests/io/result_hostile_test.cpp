// Valid HDF5 that is no valid result: every kind of structure and content that a reader could trip
// over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hostile_file.hpp"
#include "io/result_file.hpp"
#include "samples.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

using h5::Dataspace;
using h5::Datatype;
using h5::Properties;
using ::testing::HasSubstr;

Dataspace space_of(std::vector<hsize_t> dims, std::vector<hsize_t> most = {}) {
  return Dataspace(MUSTER_H5(H5Screate_simple(static_cast<int>(dims.size()), dims.data(),
                                              most.empty() ? nullptr : most.data())));
}

Properties chunked(hsize_t chunk, bool compressed) {
  Properties made(MUSTER_H5(H5Pcreate(H5P_DATASET_CREATE)));
  MUSTER_H5(H5Pset_chunk(made.get(), 1, &chunk));
  if (compressed) MUSTER_H5(H5Pset_deflate(made.get(), 9));
  return made;
}

struct Case {
  char const* name;
  char const* expected;
  std::function<void(hid_t)> change;
};

void replace_column(hid_t f, std::string const& path, std::vector<std::int64_t> const& values) {
  remove_object(f, path.c_str());
  put_numbers(f, path, H5T_STD_I64LE, values.size(), values.data());
}

void replace_sums(hid_t f, hid_t type, Dataspace const& space, hid_t made = H5P_DEFAULT) {
  remove_object(f, "/sums");
  put_dataset(f, "/sums", type, space.get(), made);
}

/// Refused by the walk, before any checksum matters.
std::vector<Case> structures() {
  return {
      {"soft_link", "/sums is a link to elsewhere",
       [](hid_t f) {
         remove_object(f, "/sums");
         MUSTER_H5(H5Lcreate_soft("/tile_digests", f, "/sums", H5P_DEFAULT, H5P_DEFAULT));
       }},
      {"dangling_link", "/sums is a link to elsewhere",
       [](hid_t f) {
         remove_object(f, "/sums");
         MUSTER_H5(H5Lcreate_soft("/nowhere", f, "/sums", H5P_DEFAULT, H5P_DEFAULT));
       }},
      {"external_link", "/sums is a link to elsewhere",
       [](hid_t f) {
         remove_object(f, "/sums");
         MUSTER_H5(
             H5Lcreate_external("/etc/passwd", "/sums", f, "/sums", H5P_DEFAULT, H5P_DEFAULT));
       }},
      {"second_name", "has more than one name",
       [](hid_t f) {
         MUSTER_H5(H5Lcreate_hard(f, "/sums", f, "/tables/again", H5P_DEFAULT, H5P_DEFAULT));
       }},
      {"cycle", "has more than one name",
       [](hid_t f) {
         MUSTER_H5(H5Lcreate_hard(f, "/tables", f, "/tables/book/again", H5P_DEFAULT, H5P_DEFAULT));
       }},
      {"committed_type", "/odd is neither a group nor a dataset",
       [](hid_t f) {
         Datatype const type(MUSTER_H5(H5Tcopy(H5T_IEEE_F64LE)));
         MUSTER_H5(H5Tcommit2(f, "/odd", type.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
       }},
      {"deep", "lies too deep",
       [](hid_t f) {
         std::string path;
         for (int i = 0; i < 12; ++i) {
           path += "/g";
           h5::Group(MUSTER_H5(H5Gcreate2(f, path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
         }
       }},
      {"long_name", "has a member without a proper name",
       [](hid_t f) {
         put_dataset(f, "/" + std::string(300, 'n'), H5T_STD_I64LE, space_of({1}).get());
       }},
      {"name_with_escape", "has a member without a proper name",
       [](hid_t f) { put_dataset(f, "/a\x1B[2J", H5T_STD_I64LE, space_of({1}).get()); }},
      {"many_attributes", "has 83 attributes",
       [](hid_t f) {
         std::int64_t const one = 1;
         for (int i = 0; i < 82; ++i)
           set_number(f, "/sums", "a" + std::to_string(i), H5T_STD_I64LE, &one);
       }},
      {"chunked", "/sums is stored in chunks",
       [](hid_t f) { replace_sums(f, H5T_STD_I64LE, space_of({4}), chunked(2, false).get()); }},
      {"resize_bomb", "/sums is stored in chunks",
       [](hid_t f) {
         replace_sums(f, H5T_STD_I64LE, space_of({hsize_t{1} << 50}), chunked(1024, true).get());
       }},
      {"contiguous_bomb", "claims 1125899906842624 rows of 8 bytes, more than there is",
       [](hid_t f) { replace_sums(f, H5T_STD_I64LE, space_of({hsize_t{1} << 50})); }},
      {"no_data", "has less data than it claims",
       [](hid_t f) { replace_sums(f, H5T_STD_I64LE, space_of({4})); }},
      {"wide_rows", "has rows of 65537 elements",
       [](hid_t f) {
         replace_sums(f, H5T_STD_I64LE, space_of({1, 65537}));
       }},
      {"three_dimensions", "has 3 dimensions",
       [](hid_t f) {
         replace_sums(f, H5T_STD_I64LE, space_of({1, 1, 1}));
       }},
      {"null_space", "has no extent",
       [](hid_t f) { replace_sums(f, H5T_STD_I64LE, Dataspace(MUSTER_H5(H5Screate(H5S_NULL)))); }},
      {"external_storage", "keeps its data in another file",
       [](hid_t f) {
         Properties const made(MUSTER_H5(H5Pcreate(H5P_DATASET_CREATE)));
         MUSTER_H5(H5Pset_external(made.get(), "/etc/passwd", 0, 32));
         replace_sums(f, H5T_STD_I64LE, space_of({4}), made.get());
       }},
      {"virtual", "is stored in chunks or is virtual",
       [](hid_t f) {
         Properties const made(MUSTER_H5(H5Pcreate(H5P_DATASET_CREATE)));
         Dataspace const space = space_of({4});
         MUSTER_H5(H5Pset_virtual(made.get(), space.get(), "/etc/passwd", "/x", space.get()));
         replace_sums(f, H5T_STD_I64LE, space, made.get());
       }},
      {"small_float", "an element type that muster does not write",
       [](hid_t f) { replace_sums(f, H5T_IEEE_F32LE, space_of({4})); }},
      {"big_endian", "an element type that muster does not write",
       [](hid_t f) { replace_sums(f, H5T_STD_I64BE, space_of({4})); }},
      {"small_integer", "an element type that muster does not write",
       [](hid_t f) { replace_sums(f, H5T_STD_I32LE, space_of({4})); }},
      {"compound", "an element type that muster does not write",
       [](hid_t f) {
         Datatype const type(MUSTER_H5(H5Tcreate(H5T_COMPOUND, 8)));
         MUSTER_H5(H5Tinsert(type.get(), "x", 0, H5T_STD_I64LE));
         replace_sums(f, type.get(), space_of({4}));
       }},
      {"reference", "an element type that muster does not write",
       [](hid_t f) { replace_sums(f, H5T_STD_REF_OBJ, space_of({4})); }},
      {"variable_text", "texts of variable length",
       [](hid_t f) {
         Datatype const type(MUSTER_H5(H5Tcopy(H5T_C_S1)));
         MUSTER_H5(H5Tset_size(type.get(), H5T_VARIABLE));
         replace_sums(f, type.get(), space_of({4}));
       }},
      {"variable_text_attribute", "attribute \"kind\" of / has texts of variable length",
       [](hid_t f) {
         Datatype const type(MUSTER_H5(H5Tcopy(H5T_C_S1)));
         MUSTER_H5(H5Tset_size(type.get(), H5T_VARIABLE));
         char const* text = "price";
         set_number(f, "/", "kind", type.get(), &text);
       }},
      {"huge_texts", "has texts of 536870912 bytes",
       [](hid_t f) { replace_sums(f, h5::text_type(std::size_t{1} << 29).get(), space_of({1})); }},
      {"blank_padded", "not padded with zeros",
       [](hid_t f) {
         Datatype const type = h5::text_type(8);
         MUSTER_H5(H5Tset_strpad(type.get(), H5T_STR_SPACEPAD));
         set_number(f, "/", "kind", type.get(), "price   ");
       }},
      {"escape_in_text", "attribute \"kind\" of / has a text that is no clean UTF-8",
       [](hid_t f) { set_text(f, "/", "kind", "\x1B[2Jprice"); }},
      {"no_utf8", "has a text that is no clean UTF-8",
       [](hid_t f) { set_text(f, "/", "kind", "pri\xFF"); }},
      {"zero_inside_text", "has a text that is no clean UTF-8",
       [](hid_t f) { set_text(f, "/", "kind", std::string("pr\0ce", 5)); }},
      {"no_filetype", "/ has no attribute \"filetype\"",
       [](hid_t f) { remove_attribute(f, "/", "filetype"); }},
      {"numeric_filetype", "attribute \"filetype\" is not one text",
       [](hid_t f) {
         double const one = 1;
         set_number(f, "/", "filetype", H5T_IEEE_F64LE, &one);
       }},
      {"other_filetype", "is a \"muster-market\" file (a muster-result file is needed here)",
       [](hid_t f) { set_text(f, "/", "filetype", "muster-market"); }},
      {"no_version", "/ has no attribute \"version\"",
       [](hid_t f) { remove_attribute(f, "/", "version"); }},
      {"text_version", "attribute \"version\" is not two integers",
       [](hid_t f) { set_text(f, "/", "version", "1.0"); }},
      {"no_checksum", "/ has no attribute \"checksum\"",
       [](hid_t f) { remove_attribute(f, "/", "checksum"); }},
      {"wrong_checksum", "holds other data than its checksum says",
       [](hid_t f) { set_text(f, "/", "checksum", std::string(64, '0')); }},
      {"changed_number", "holds other data than its checksum says",
       [](hid_t f) {
         std::uint64_t const seed = 8;
         set_number(f, "/", "seed", H5T_STD_U64LE, &seed);
       }},
  };
}

/// Sealed again with a fitting checksum: refused for what they say.
std::vector<Case> contents() {
  std::vector<Case> cases{
      {"no_tables", "/tables is missing", [](hid_t f) { remove_object(f, "/tables"); }},
      {"no_sums", "/sums is missing", [](hid_t f) { remove_object(f, "/sums"); }},
      {"no_digests", "/tile_digests is missing",
       [](hid_t f) { remove_object(f, "/tile_digests"); }},
      {"no_job", "/provenance/job is missing",
       [](hid_t f) { remove_object(f, "/provenance/job"); }},
      {"job_is_group", "/provenance/job is not a dataset",
       [](hid_t f) {
         remove_object(f, "/provenance/job");
         h5::Group(
             MUSTER_H5(H5Gcreate2(f, "/provenance/job", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
       }},
      {"sums_of_reals", "/sums has elements of another type",
       [](hid_t f) {
         double const values[] = {1, 2};
         remove_object(f, "/sums");
         put_numbers(f, "/sums", H5T_IEEE_F64LE, 2, values);
       }},
      {"waypoints_of_unequal_columns", "/waypoints has columns of different lengths",
       [](hid_t f) { replace_column(f, "/waypoints/size", {2, 1, 1}); }},
      {"waypoints_that_do_not_fit", "/waypoints has sizes that do not fit", [](hid_t f) { replace_column(f, "/waypoints/size", {2, 5}); }},
      {"waypoints_out_of_order", "/waypoints has stages out of order", [](hid_t f) { replace_column(f, "/waypoints/stage", {9, 1}); }},
      {"words_of_no_waypoint", "/waypoints has stages out of order, or words of none",
       [](hid_t f) { replace_column(f, "/waypoints/words", {1, 2, 3, 4}); }},
      {"flat_digests", "/tile_digests does not have 37 tiles",
       [](hid_t f) {
         std::vector<std::uint64_t> const values(37);
         remove_object(f, "/tile_digests");
         put_numbers(f, "/tile_digests", H5T_STD_U64LE, 37, values.data());
       }},
      {"changed_digest", "/tile_digests do not give the root's result_digest",
       [](hid_t f) {
         h5::Dataset const data(MUSTER_H5(H5Dopen2(f, "/tile_digests", H5P_DEFAULT)));
         std::vector<std::uint64_t> const zeros(2 * 37);
         MUSTER_H5(
             H5Dwrite(data.get(), H5T_STD_U64LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros.data()));
       }},
      {"more_tiles", "/tile_digests does not have 38 tiles",
       [](hid_t f) {
         std::uint64_t const tiles = 38;
         set_number(f, "/", "tiles", H5T_STD_U64LE, &tiles);
       }},
      {"absurd_tiles", "does not have 18446744073709551615 tiles",
       [](hid_t f) {
         std::uint64_t const tiles = ~0ull;
         set_number(f, "/", "tiles", H5T_STD_U64LE, &tiles);
       }},
      {"signed_seed", "/ has no unsigned integer in attribute \"seed\"",
       [](hid_t f) {
         std::int64_t const seed = 7;
         set_number(f, "/", "seed", H5T_STD_I64LE, &seed);
       }},
      {"other_job", "/provenance/job does not have the hash",
       [](hid_t f) { set_text(f, "/", "job_hash", sha256_hex("another")); }},
      {"short_hash", "/ has no SHA-256 in attribute \"job_hash\"",
       [](hid_t f) { set_text(f, "/", "job_hash", "abc"); }},
      {"no_time", "/ has no UTC time in attribute \"ended_utc\"",
       [](hid_t f) { set_text(f, "/", "ended_utc", "yesterday"); }},
      {"odd_verdict", "a verdict that is no exit code",
       [](hid_t f) {
         std::uint64_t const verdict = 17;
         set_number(f, "/", "verdict", H5T_STD_U64LE, &verdict);
       }},
      {"short_column", "/tables/instruments has columns of different lengths",
       [](hid_t f) {
         double const values[] = {1};
         remove_object(f, "/tables/instruments/price");
         put_numbers(f, "/tables/instruments/price", H5T_IEEE_F64LE, 1, values);
         set_text(f, "/tables/instruments/price", "unit", "USD");
       }},
      {"flat_column", "/tables/book/total is not one-dimensional",
       [](hid_t f) {
         remove_object(f, "/tables/book/total");
         double const value = 1;
         Dataspace const scalar(MUSTER_H5(H5Screate(H5S_SCALAR)));
         h5::Dataset const data(
             MUSTER_H5(H5Dcreate2(f, "/tables/book/total", H5T_IEEE_F64LE, scalar.get(),
                                  H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
         MUSTER_H5(H5Dwrite(data.get(), H5T_IEEE_F64LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value));
         set_text(f, "/tables/book/total", "unit", "USD");
       }},
      {"no_unit", "/tables/book/total has no attribute \"unit\"",
       [](hid_t f) { remove_attribute(f, "/tables/book/total", "unit"); }},
      {"empty_unit", "a unit that does not fit its type",
       [](hid_t f) { set_text(f, "/tables/book/total", "unit", ""); }},
      {"no_order", "/tables has an order that does not name its members",
       [](hid_t f) { remove_attribute(f, "/tables", "order"); }},
      {"extra_column", "/tables/book has an order that does not name its members",
       [](hid_t f) {
         double const value = 1;
         put_numbers(f, "/tables/book/more", H5T_IEEE_F64LE, 1, &value);
       }},
      {"odd_table_name", "a member whose name is not lower_snake",
       [](hid_t f) {
         remove_object(f, "/tables");
         h5::Group(MUSTER_H5(H5Gcreate2(f, "/tables", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
         h5::Group(MUSTER_H5(H5Gcreate2(f, "/tables/UP", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
         set_text(f, "/tables", "order", "UP");
       }},
  };
  return cases;
}

std::string refusal_of(Case const& hostile, bool is_sealed) {
  Scratch scratch;
  write_result(scratch / "F.h5", sample_result(), sample_digests);
  tamper(scratch / "F.h5", hostile.change);
  if (is_sealed) reseal(scratch / "F.h5");
  std::string const message = message_of(Exit::user, [&] { read_result(scratch / "F.h5"); });
  EXPECT_THAT(message, HasSubstr((scratch / "F.h5").string()));
  EXPECT_THAT(message, HasSubstr("; "));
  EXPECT_EQ(message.find('\x1B'), std::string::npos);
  return message;
}

TEST(HostileResult, StructureIsRefused) {
  for (Case const& hostile : structures()) {
    SCOPED_TRACE(hostile.name);
    EXPECT_THAT(refusal_of(hostile, false), HasSubstr(hostile.expected));
  }
}

TEST(HostileResult, ContentIsRefused) {
  for (Case const& hostile : contents()) {
    SCOPED_TRACE(hostile.name);
    EXPECT_THAT(refusal_of(hostile, true), HasSubstr(hostile.expected));
  }
}

TEST(HostileResult, EveryMissingAttributeIsNamed) {
  for (char const* name :
       {"kind", "name", "job_hash", "seed", "arithmetic_version", "muster_version", "git_sha",
        "ranks", "tiles", "started_utc", "ended_utc", "stop_rule", "verdict", "result_digest"}) {
    std::string const message =
        refusal_of({name, "", [&](hid_t f) { remove_attribute(f, "/", name); }}, true);
    EXPECT_THAT(message, HasSubstr(fmt::format("/ has no attribute \"{}\"", name)));
  }
}

TEST(HostileResult, OtherVersionsAreNotCalledDamaged) {
  Scratch scratch;
  auto const message_for = [&](std::int64_t major, std::int64_t minor) {
    write_result(scratch / "F.h5", sample_result(), sample_digests);
    tamper(scratch / "F.h5", [&](hid_t f) {
      h5::Attribute const found(MUSTER_H5(H5Aopen(f, "version", H5P_DEFAULT)));
      std::int64_t const version[] = {major, minor};
      MUSTER_H5(H5Awrite(found.get(), H5T_STD_I64LE, version));
    });
    reseal(scratch / "F.h5");
    return message_of(Exit::user, [&] { read_result(scratch / "F.h5"); });
  };
  EXPECT_THAT(message_for(2, 0), HasSubstr("is version 2.0, this muster reads 1.x"));
  EXPECT_THAT(message_for(2, 0), HasSubstr("use a newer release"));
  EXPECT_THAT(message_for(0, 9), HasSubstr("use an older release"));
}

TEST(HostileResult, AnEarlierMinorVersionHoldsLess) {
  Scratch scratch;
  write_result(scratch / "F.h5", sample_result(), sample_digests);
  tamper(scratch / "F.h5", [](hid_t f) {
    h5::Attribute const found(MUSTER_H5(H5Aopen(f, "version", H5P_DEFAULT)));
    std::int64_t const version[] = {1, 0};
    MUSTER_H5(H5Awrite(found.get(), H5T_STD_I64LE, version));
    MUSTER_H5(H5Ldelete(f, "/provenance/execution", H5P_DEFAULT));
  });
  reseal(scratch / "F.h5");
  Result const read = read_result(scratch / "F.h5");
  EXPECT_EQ(read.name, "sample");
  EXPECT_EQ(read.execution_json, "{}");
}

TEST(HostileResult, ALaterMinorVersionMayHoldMore) {
  Scratch scratch;
  write_result(scratch / "F.h5", sample_result(), sample_digests);
  tamper(scratch / "F.h5", [](hid_t f) {
    h5::Attribute const found(MUSTER_H5(H5Aopen(f, "version", H5P_DEFAULT)));
    std::int64_t const version[] = {1, 4};
    MUSTER_H5(H5Awrite(found.get(), H5T_STD_I64LE, version));
    double const value = 1;
    put_numbers(f, "/something_new", H5T_IEEE_F64LE, 1, &value);
  });
  reseal(scratch / "F.h5");
  EXPECT_EQ(read_result(scratch / "F.h5").name, "sample");
}

TEST(HostileResult, FilesThatAreNoHdf5) {
  Scratch scratch;
  auto const refuse = [&](std::filesystem::path const& path) {
    return message_of(Exit::user, [&] { read_result(path); });
  };
  EXPECT_THAT(refuse(scratch / "missing.h5"), HasSubstr("No such file"));
  EXPECT_THAT(refuse(scratch.path()), HasSubstr("not a regular file"));
  EXPECT_THAT(refuse("/dev/zero"), HasSubstr("not a regular file"));
  spill(scratch / "empty", "");
  EXPECT_THAT(refuse(scratch / "empty"), HasSubstr("is not an HDF5 file"));
  spill(scratch / "text", "kind = \"price\"\n");
  EXPECT_THAT(refuse(scratch / "text"), HasSubstr("is not an HDF5 file"));
  spill(scratch / "signature", "\x89HDF\r\n\x1a\n");
  EXPECT_THAT(refuse(scratch / "signature"), HasSubstr("cannot be read as HDF5"));
}

}  // namespace
}  // namespace muster::io
