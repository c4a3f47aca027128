#include "io/bars.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <bit>
#include <cmath>

#include "hostile_file.hpp"
#include "io/h5_packed.hpp"
#include "sample_bars.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;

std::vector<std::uint64_t> bits_of(std::vector<double> const& values) {
  std::vector<std::uint64_t> bits;
  for (double const value : values) bits.push_back(std::bit_cast<std::uint64_t>(value));
  return bits;
}

TEST(BarFile, ReadsBackWhatWasWritten) {
  Scratch scratch;
  Bars const written = sample_bars();
  write_bars(scratch / "b.h5", written);
  Bars const read = read_bars(scratch / "b.h5");
  EXPECT_EQ(read.source, "sample");
  EXPECT_EQ(read.interval, BarInterval::day);
  EXPECT_EQ(read.calendar, "us_equity");
  EXPECT_EQ(read.time_zone, "America/New_York");
  EXPECT_EQ(read.currency, "USD");
  EXPECT_EQ(read.symbols, written.symbols);
  EXPECT_EQ(read.times, written.times);
  EXPECT_EQ(bits_of(read.open), bits_of(written.open));
  EXPECT_EQ(bits_of(read.high), bits_of(written.high));
  EXPECT_EQ(bits_of(read.low), bits_of(written.low));
  EXPECT_EQ(bits_of(read.close), bits_of(written.close));
  EXPECT_EQ(read.volume, written.volume);
  EXPECT_EQ(read.split, written.split);
  EXPECT_EQ(read.dividend, written.dividend);
  EXPECT_EQ(read.status, written.status);
  ASSERT_EQ(read.flags.size(), 1u);
  EXPECT_EQ(read.flags[0].time, written.times[2]);
  EXPECT_EQ(read.flags[0].reason, "odd_split");
  ASSERT_EQ(read.sources.size(), 1u);
  EXPECT_EQ(read.sources[0].file, "sample.csv");
  EXPECT_EQ(bars_digest(read), bars_digest(written));
}

TEST(BarFile, MayLackFlagsAndSources) {
  Scratch scratch;
  Bars bars = sample_bars();
  bars.flags.clear();
  bars.sources.clear();
  bars.interval = BarInterval::minute;
  bars.times = {60, 120, 180, 300, 360};
  write_bars(scratch / "b.h5", bars);
  EXPECT_EQ(read_bars(scratch / "b.h5").interval, BarInterval::minute);
}

TEST(BarDigest, IsOfTheBarsAlone) {
  Bars const bars = sample_bars();
  Bars other = bars;
  other.sources.clear();
  other.flags.clear();
  other.source = other.muster_version = "other";
  EXPECT_EQ(bars_digest(other), bars_digest(bars));
  other.dividend[0] = 0.01;
  EXPECT_NE(bars_digest(other), bars_digest(bars));
}

TEST(ForwardFactor, ReinvestsAtTheOpenOfTheExDate) {
  Bars const bars = sample_bars();
  auto const factor = forward_factor(bars);
  EXPECT_EQ(factor[bars.at(0, 0)], 1);
  EXPECT_EQ(factor[bars.at(1, 0)], 1);
  EXPECT_EQ(factor[bars.at(2, 0)], 2);
  EXPECT_EQ(factor[bars.at(3, 0)], 2);             // halted: the cash waits for an open
  EXPECT_EQ(factor[bars.at(4, 0)], 2 + 1.0 / 50);  // 2 shares, 0.5 each, at 50
  for (std::size_t t = 0; t < 5; ++t) EXPECT_EQ(factor[bars.at(t, 1)], 1);
}

TEST(ForwardFactor, DoesNotDependOnLaterBars) {
  Bars const bars = sample_bars();
  auto const whole = forward_factor(bars);
  for (std::size_t days = 2; days < bars.size(); ++days) {
    Bars cut = bars;
    cut.times.resize(days);
    auto const factor = forward_factor(cut);
    for (std::size_t i = 0; i < cut.cells(); ++i) EXPECT_EQ(factor[i], whole[i]);
  }
}

TEST(ForwardFactor, RefusesAbsurdEvents) {
  Bars bars = plain_bars({"AAA"}, 6);
  for (std::size_t t = 1; t < 6; ++t) bars.split[t] = 1e4;
  EXPECT_THAT(message_of(Exit::user, [&] { forward_factor(bars); }),
              HasSubstr("AAA at 2020-01-05T00:00:00Z: its splits and dividends make one share"));
}

struct Fault {
  char const* expected;
  std::function<void(Bars&)> change;
};

std::vector<Fault> faults() {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  return {
      {"calendar is no name", [](Bars& b) { b.calendar = "NYSE!"; }},
      {"time_zone is empty", [](Bars& b) { b.time_zone = ""; }},
      {"currency is empty", [](Bars& b) { b.currency = ""; }},
      {"interval is unknown", [](Bars& b) { b.interval = BarInterval{7}; }},
      {"there is no symbol", [](Bars& b) { b.symbols.clear(); }},
      {"there are more than 65536 symbols", [](Bars& b) { b.symbols.resize(65537, "X"); }},
      {"symbol 1 is no name", [](Bars& b) { b.symbols[1] = "A B"; }},
      {"symbol AAA stands there twice", [](Bars& b) { b.symbols[1] = "AAA"; }},
      {"there is no bar", [](Bars& b) { b.times.clear(); }},
      {"bar 4 is in no year", [](Bars& b) { b.times[4] = INT64_MAX; }},
      {"bar 3 is not later", [](Bars& b) { b.times[3] = b.times[2]; }},
      {"bar 3 is a day, but not at 00:00 UTC", [](Bars& b) { b.times[3] += 1; }},
      {"a column has not one value", [](Bars& b) { b.split.pop_back(); }},
      {"status has not one value", [](Bars& b) { b.status.pop_back(); }},
      {"AAA at bar 1 has an unknown status", [](Bars& b) { b.status[2] = BarStatus{9}; }},
      {"AAA at bar 1 has no split", [](Bars& b) { b.split[2] = 0; }},
      {"AAA at bar 1 has no dividend", [=](Bars& b) { b.dividend[2] = nan; }},
      {"AAA at bar 1 has no price", [=](Bars& b) { b.open[2] = nan; }},
      {"AAA at bar 1 has no price", [](Bars& b) { b.close[2] = 0; }},
      {"AAA at bar 1 has a low above its high", [](Bars& b) { b.low[2] = 200; }},
      {"AAA at bar 1 has an open or close outside", [](Bars& b) { b.close[2] = 99; }},
      {"AAA at bar 1 has no volume", [](Bars& b) { b.volume[2] = -1; }},
      {"BBB at bar 0 has a price without", [](Bars& b) { b.open[1] = 1; }},
      {"BBB at bar 0 has a volume without", [](Bars& b) { b.volume[1] = 1; }},
      {"BBB at bar 4 is not listed after it was",
       [](Bars& b) { b.status[9] = BarStatus::not_listed; }},
      {"a price is a NaN other than", [](Bars& b) { b.open[1] = std::bit_cast<double>(~0ull); }},
      {"flag 0 has no symbol", [](Bars& b) { b.flags[0].symbol = 2; }},
      {"flag 0 is at no bar", [](Bars& b) { b.flags[0].time = 1; }},
      {"flag 0 has no reason", [](Bars& b) { b.flags[0].reason = ""; }},
      {"source 0 has no SHA-256", [](Bars& b) { b.sources[0].sha256 = "x"; }}};
}

TEST(BarFile, FaultyContentIsNotWritten) {
  Scratch scratch;
  for (Fault const& fault : faults()) {
    Bars bars = sample_bars();
    fault.change(bars);
    EXPECT_THAT(message_of(Exit::bug, [&] { write_bars(scratch / "b.h5", bars); }),
                HasSubstr(fault.expected));
  }
  EXPECT_EQ(scratch.entries(), 0u);
}

std::string refusal_of(std::function<void(hid_t)> const& change) {
  Scratch scratch;
  write_bars(scratch / "b.h5", sample_bars());
  tamper(scratch / "b.h5", change);
  reseal(scratch / "b.h5");
  return message_of(Exit::user, [&] { read_bars(scratch / "b.h5"); });
}

void replace(hid_t file, std::string const& path, hid_t type, hsize_t count, void const* values) {
  remove_object(file, path);
  put_numbers(file, path, type, count, values);
}

TEST(BarFile, HostileContentIsRefused) {
  std::vector<double> const prices(10, 1.0);
  std::vector<std::int64_t> const times{0, 86400, 86400, 0, 0}, index{-1};
  EXPECT_THAT(
      refusal_of([&](hid_t f) { replace(f, "/bars/open", H5T_IEEE_F64LE, 10, prices.data()); }),
      HasSubstr("/bars/open is not of 5 rows and 2 columns"));
  EXPECT_THAT(refusal_of([&](hid_t f) { replace(f, "/time", H5T_STD_I64LE, 5, times.data()); }),
              HasSubstr("bar 2 is not later than the one before it"));
  EXPECT_THAT(refusal_of([&](hid_t f) { replace(f, "/time", H5T_IEEE_F64LE, 5, prices.data()); }),
              HasSubstr("/time has elements of another type"));
  EXPECT_THAT(
      refusal_of([&](hid_t f) { replace(f, "/flags/symbol", H5T_STD_I64LE, 1, index.data()); }),
      HasSubstr("/flags/symbol holds a number that is no index"));
  EXPECT_THAT(refusal_of([](hid_t f) { remove_object(f, "/bars/split"); }),
              HasSubstr("/bars/split is missing"));
  EXPECT_THAT(refusal_of([](hid_t f) { set_text(f, "/", "interval", "week"); }),
              HasSubstr("an interval that muster does not know"));
  EXPECT_THAT(refusal_of([](hid_t f) { set_text(f, "/", "currency", "EUR"); }),
              HasSubstr("a digest that does not fit its bars"));
}

h5::Shape const open_shape{h5::Element::real, {5, 2}, 8, true};

/// What the reader says of a packed /bars/open whose one chunk is `bytes`, nothing when null.
std::string chunk_refusal(std::string const* bytes, std::uint32_t mask = 0) {
  Scratch scratch;
  write_bars(scratch / "b.h5", sample_bars());
  tamper(scratch / "b.h5", [&](hid_t file) {
    hsize_t const dims[] = {5, 2}, offset[] = {0, 0};
    h5::Dataspace const space(MUSTER_H5(H5Screate_simple(2, dims, nullptr)));
    remove_object(file, "/bars/open");
    put_dataset(file, "/bars/open", H5T_IEEE_F64LE, space.get(),
                h5::packed_storage(open_shape).get());
    h5::Dataset const data(MUSTER_H5(H5Dopen2(file, "/bars/open", H5P_DEFAULT)));
    if (bytes != nullptr)
      MUSTER_H5(
          H5Dwrite_chunk(data.get(), H5P_DEFAULT, mask, offset, bytes->size(), bytes->data()));
  });
  return message_of(Exit::user, [&] { read_bars(scratch / "b.h5"); });
}

std::string deflated(std::string const& text) {
  std::string packed(compressBound(text.size()), '\0');
  uLongf size = packed.size();
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                     reinterpret_cast<Bytef const*>(text.data()), text.size()),
            Z_OK);
  packed.resize(size);
  return packed;
}

TEST(PackedData, ThatIsNoneIsRefused) {
  std::string const garbage = "no deflated bytes", huge(300, 'x');
  std::string const good = deflated(std::string(80, '\0')),
                    bomb = deflated(std::string(90'000, '\0')),
                    brief = deflated(std::string(79, '\0')), longer = good + "x";
  ASSERT_LT(bomb.size(), 200u);
  EXPECT_THAT(chunk_refusal(nullptr), HasSubstr("/bars/open has a chunk of 0 bytes"));
  EXPECT_THAT(chunk_refusal(&huge), HasSubstr("/bars/open has a chunk of 300 bytes"));
  for (auto const* bytes : {&garbage, &brief, &longer})
    EXPECT_THAT(chunk_refusal(bytes), HasSubstr("/bars/open has a chunk that cannot be unpacked"));
  EXPECT_THAT(chunk_refusal(&bomb), HasSubstr("/bars/open has a chunk"));
  EXPECT_THAT(chunk_refusal(&good, 1), HasSubstr("/bars/open has a chunk that is not packed"));
  EXPECT_THAT(chunk_refusal(&good), HasSubstr("holds other data than its checksum says"));
}

/// The same of a dataset of other dimensions, chunks and filters.
std::string storage_refusal(hsize_t rows, hsize_t chunk, unsigned deflate) {
  Scratch scratch;
  write_bars(scratch / "b.h5", sample_bars());
  tamper(scratch / "b.h5", [&](hid_t file) {
    hsize_t const dims[] = {rows, 2}, chunks[] = {chunk, 2};
    h5::Dataspace const space(MUSTER_H5(H5Screate_simple(2, dims, nullptr)));
    h5::Properties const made(MUSTER_H5(H5Pcreate(H5P_DATASET_CREATE)));
    MUSTER_H5(H5Pset_chunk(made.get(), 2, chunks));
    MUSTER_H5(H5Pset_shuffle(made.get()));
    if (deflate > 0) MUSTER_H5(H5Pset_deflate(made.get(), deflate));
    remove_object(file, "/bars/open");
    put_dataset(file, "/bars/open", H5T_IEEE_F64LE, space.get(), made.get());
  });
  return message_of(Exit::user, [&] { read_bars(scratch / "b.h5"); });
}

TEST(PackedData, IsStoredInOneWay) {
  char const* const other = "/bars/open is stored in chunks or filtered in a way that muster does";
  EXPECT_THAT(storage_refusal(5, 2, 4), HasSubstr(other));
  EXPECT_THAT(storage_refusal(5, 5, 0), HasSubstr(other));
  EXPECT_THAT(storage_refusal(hsize_t{1} << 40, 16384, 4), HasSubstr("more than there is"));
}

TEST(PackedData, MakesFilesSmall) {
  Scratch scratch;
  Bars bars = plain_bars({"AAA", "BBB", "CCC"}, 20'000);
  write_bars(scratch / "b.h5", bars);
  EXPECT_LT(std::filesystem::file_size(scratch / "b.h5"), 400'000u);
  EXPECT_EQ(bars_digest(read_bars(scratch / "b.h5")), bars_digest(bars));
}

TEST(BarFile, EveryTruncationIsRefused) {
  Scratch scratch;
  write_bars(scratch / "b.h5", sample_bars());
  std::string const whole = slurp(scratch / "b.h5");
  for (std::size_t part = 0; part < 64; ++part) {
    spill(scratch / "cut.h5", whole.substr(0, whole.size() * part / 64));
    message_of(Exit::user, [&] { read_bars(scratch / "cut.h5"); });
  }
}

}  // namespace
}  // namespace muster::io
