// Run under scripts/mpi-run: every rank runs every test.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "comm/reduce.hpp"
#include "comm/transport.hpp"
#include "core/error.hpp"

namespace muster::comm {
namespace {

using namespace std::chrono_literals;

/// MPI starts and ends once in a process.
Transport* mpi = nullptr;
Reducer* all_ranks = nullptr;

/// No rank enters the next test while another still awaits messages of this one.
class Mpi : public ::testing::Test {
 protected:
  void TearDown() override {
    std::int64_t arrived = 1;
    all_ranks->sum(&arrived, 1, 60s);
    EXPECT_EQ(arrived, mpi->size());
  }
};

Envelope receive() {
  for (auto const deadline = std::chrono::steady_clock::now() + 60s;
       std::chrono::steady_clock::now() < deadline;)
    if (auto message = mpi->poll(100ms)) return std::move(*message);
  throw Error(Exit::environment, "no message came within 60 s");
}

Bytes pattern(std::size_t size, int seed) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 31 + seed);
  return bytes;
}

TEST_F(Mpi, was_launched_as_such) {
  EXPECT_TRUE(is_mpi_launched());
  EXPECT_NE(mpi->describe().find("MPI"), std::string::npos);
  EXPECT_FALSE(mpi->host().empty());
  ASSERT_LT(mpi->rank(), mpi->size());
}

TEST_F(Mpi, messages_of_all_sizes_keep_their_order) {
  // Eager and rendezvous sizes of the shared-memory transport, mixed: short ones must not overtake.
  std::vector<std::size_t> const sizes{0, 1, 5'000'000, 10, 4095, 4097, 70'000, 3, 1'000'000, 8};
  int const to = (mpi->rank() + 1) % mpi->size(),
            from = (mpi->rank() + mpi->size() - 1) % mpi->size();
  for (std::size_t i = 0; i < sizes.size(); ++i) mpi->send(to, pattern(sizes[i], mpi->rank()));
  for (std::size_t size : sizes) {
    Envelope const message = receive();
    EXPECT_EQ(message.from, from);
    ASSERT_EQ(message.body.size(), size);
    EXPECT_EQ(message.body, pattern(size, from));
  }
  while (mpi->unsent() > 0) mpi->poll(1ms);
}

TEST_F(Mpi, rank_0_hears_all_and_answers_each) {
  constexpr int rounds = 200;
  if (mpi->rank() == 0) {
    for (int i = 0; i < rounds * (mpi->size() - 1); ++i) {
      Envelope message = receive();
      mpi->send(message.from, std::move(message.body));
    }
  } else {
    for (int i = 0; i < rounds; ++i) {
      mpi->send(0, pattern(100, i));
      ASSERT_EQ(receive().body, pattern(100, i));
    }
  }
  while (mpi->unsent() > 0) mpi->poll(1ms);
}

TEST_F(Mpi, poll_returns_when_woken_or_out_of_patience) {
  EXPECT_FALSE(mpi->poll(10ms));
  mpi->wake();
  auto const start = std::chrono::steady_clock::now();
  EXPECT_FALSE(mpi->poll(60s));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
}

TEST_F(Mpi, sums_over_ranks_wrap_and_exceed_one_call) {
  // More than one chunk of 2^22.
  std::vector<std::int64_t> values((std::size_t{1} << 22) + 5);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<std::int64_t>(i) * (mpi->rank() + 1);
  values.back() = std::numeric_limits<std::int64_t>::max();
  all_ranks->sum(values.data(), values.size(), 60s);
  std::int64_t const weight = mpi->size() * (mpi->size() + 1) / 2;
  for (std::size_t i = 0; i + 1 < values.size(); ++i)
    ASSERT_EQ(values[i], static_cast<std::int64_t>(i) * weight);
  auto const wrapped =
      static_cast<std::uint64_t>(mpi->size()) * std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(static_cast<std::uint64_t>(values.back()), wrapped);
  EXPECT_EQ(all_ranks->describe(), "MPI");
}

}  // namespace
}  // namespace muster::comm

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  auto const transport = muster::comm::make_mpi();
  auto const reducer = muster::comm::make_mpi_reducer();
  muster::comm::mpi = transport.get();
  muster::comm::all_ranks = reducer.get();
  return RUN_ALL_TESTS();
}
