#include "io/sample_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "hostile_file.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;

/// Three samples of two inputs.
SampleFile sample() {
  SampleFile file;
  file.rows = 3;
  file.inputs = {1, 2, 3, 4, 5, 6};
  file.prices = {0.5, 0.25, 0.125};
  file.slopes = {0, 1, 0, 1, 0, 1};
  return file;
}

/// As h5py writes it: contiguous datasets alone.
void write_plain(std::filesystem::path const& path, std::vector<hsize_t> const& dims, hid_t type = H5T_IEEE_F64LE) {
  h5::File const file(MUSTER_H5(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)));
  auto const put = [&](char const* name, hid_t of, std::vector<hsize_t> const& extent, std::vector<double> const& values) {
    h5::Dataspace const space(MUSTER_H5(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr)));
    h5::Dataset const data(MUSTER_H5(H5Dcreate2(file.get(), name, of, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    MUSTER_H5(H5Dwrite(data.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
  };
  put("inputs", type, dims, {1, 2, 3, 4, 5, 6, 7, 8});
  put("price", H5T_IEEE_F64LE, {3}, {0.5, 0.25, 0.125});
}

std::string fault_of(std::filesystem::path const& path, std::uint64_t columns = 2) {
  return message_of(Exit::user, [&] { read_samples(path, columns); });
}

TEST(SampleFile, ReadsBackWhatWasWritten) {
  Scratch scratch;
  write_samples(scratch / "s.h5", sample());
  auto const read = read_samples(scratch / "s.h5", 2);
  EXPECT_EQ(read.rows, 3u);
  EXPECT_EQ(read.inputs, sample().inputs);
  EXPECT_EQ(read.prices, sample().prices);
  EXPECT_EQ(read.slopes, sample().slopes);
  auto other = sample();
  other.slopes[5] = 2;
  write_samples(scratch / "o.h5", other);
  EXPECT_NE(read_samples(scratch / "o.h5", 2).digest, read.digest);
}

TEST(SampleFile, IsReadAsAnyProgramWritesIt) {
  Scratch scratch;
  write_plain(scratch / "s.h5", {3, 2});
  auto const read = read_samples(scratch / "s.h5", 2);
  EXPECT_EQ(read.inputs, sample().inputs);
  EXPECT_TRUE(read.slopes.empty());
  EXPECT_EQ(read.digest.size(), 64u);
}

TEST(SampleFile, IsRefusedForWhatIsWrong) {
  Scratch scratch;
  auto const path = scratch / "s.h5";
  EXPECT_THAT(fault_of(path), HasSubstr("(a sample file is needed here)"));
  write_plain(path, {3, 2});
  EXPECT_THAT(fault_of(path, 3), HasSubstr("/inputs is not of 3 rows and 3 columns (its numbers cannot be taken for what is needed); write it as docs/formats says"));
  write_plain(path, {4, 2});
  EXPECT_THAT(fault_of(path), HasSubstr("/price has 3 rows where 4 belong"));
  write_plain(path, {3, 2}, H5T_IEEE_F32LE);
  EXPECT_THAT(fault_of(path), HasSubstr("/inputs has an element type that muster does not write (its numbers"));
  write_plain(path, {3, 2});
  tamper(path, [](hid_t file) { remove_object(file, "/price"); });
  EXPECT_THAT(fault_of(path), HasSubstr("/price is missing"));
}

TEST(SampleFile, NamesTheRowOfANumberThatIsNone) {
  Scratch scratch;
  auto bad = sample();
  bad.inputs[3] = std::numeric_limits<double>::quiet_NaN();
  write_samples(scratch / "s.h5", bad);
  EXPECT_THAT(fault_of(scratch / "s.h5"), HasSubstr("/inputs has in row 1 (the first is 0) a number that is not finite"));
  bad = sample();
  bad.prices[2] = std::numeric_limits<double>::infinity();
  write_samples(scratch / "s.h5", bad);
  EXPECT_THAT(fault_of(scratch / "s.h5"), HasSubstr("/price has in row 2"));
  bad = sample();
  bad.slopes[0] = std::numeric_limits<double>::quiet_NaN();
  write_samples(scratch / "s.h5", bad);
  EXPECT_THAT(fault_of(scratch / "s.h5"), HasSubstr("/slopes has in row 0"));
}

TEST(SampleFile, AllocatesNothingForSizesThatItCannotHold) {
  Scratch scratch;
  write_plain(scratch / "s.h5", {3, 2});
  tamper(scratch / "s.h5", [](hid_t file) {
    remove_object(file, "/inputs");
    hsize_t const dims[2] = {hsize_t{1} << 40, 2};
    h5::Dataspace const space(MUSTER_H5(H5Screate_simple(2, dims, nullptr)));
    put_dataset(file, "/inputs", H5T_IEEE_F64LE, space.get());
  });
  EXPECT_THAT(fault_of(scratch / "s.h5"), HasSubstr("/inputs"));
}

}  // namespace
}  // namespace muster::io
