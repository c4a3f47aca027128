#include "worker/roll_call.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "topology/probe.hpp"

namespace muster::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Presence sample() {
  Presence presence{{{"muster", "1.2.3"}, {"MPI", "none"}}, topology::probe(topology::GpuProbe::skip)};
  presence.facts.host = "node7";
  presence.facts.grant.visible = "0,1";
  return presence;
}

Bytes present_bytes() { return encode({MessageType::present, 0, 1, 0}, sample()); }

Presence decode(Bytes const& bytes) {
  WireReader in(bytes);
  EXPECT_EQ(decode_header(in).type, MessageType::present);
  return decode_presence(in, "rank 3");
}

TEST(Presence, ArrivesAsItWasSent) {
  auto const sent = sample();
  auto const back = decode(encode({MessageType::present, 0, 1, 0}, sent));
  EXPECT_EQ(back.software, sent.software);
  EXPECT_EQ(topology::to_json(back.facts), topology::to_json(sent.facts));
}

TEST(Presence, CutShortIsRefused) {
  auto const bytes = present_bytes();
  for (std::size_t size = 24; size < bytes.size(); size += 97)
    EXPECT_THROW(decode(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))), Error) << size;
  auto longer = bytes;
  longer.push_back(std::byte{0});
  EXPECT_THROW(decode(longer), Error);
}

std::string refusal_of(std::string const& facts) {
  WireWriter out = begin_message({MessageType::present, 0, 1, 0});
  out.put<std::uint64_t>(0);
  out.put_text(facts);
  try {
    decode(out.take());
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::bug);
    return error.what();
  }
  ADD_FAILURE() << "accepted: " << facts;
  return "";
}

TEST(Presence, FactsThatAreNoneAreRefused) {
  for (auto const* facts : {"", "{", "[]", "{}", "{\"nodes\": []}", "{\"cpu\": {\"cores\": -1}}", "{\"host\": 7}"})
    EXPECT_THAT(refusal_of(facts), HasSubstr("what a rank tells of its machine cannot be used")) << facts;
  EXPECT_THAT(refusal_of(R"({"nodes": [{"count": 2, "machine": {"host": "a"}}]})"), HasSubstr("machines"));
  EXPECT_THAT(refusal_of(std::string((16 << 20) + 1, ' ')), HasSubstr("bytes of facts"));
}

TEST(Presence, AHostileCountAllocatesNothing) {
  WireWriter out = begin_message({MessageType::present, 0, 1, 0});
  out.put<std::uint64_t>(std::uint64_t{1} << 60);
  EXPECT_THROW(decode(out.take()), Error);
}

TEST(Assignment, ArrivesAsItWasSent) {
  Assignment sent;
  sent.part = Part::compute;
  sent.consumption = {{{jobs::Device::Kind::cuda, 2}}, 0, {0, 1, 64}, false};
  auto const bytes = encode({MessageType::assign, 0, 1, 1}, sent);
  WireReader in(bytes);
  decode_header(in);
  auto const back = decode_assignment(in);
  EXPECT_EQ(back.part, Part::compute);
  EXPECT_EQ(back.consumption.accelerators.at(0).ordinal, 2);
  EXPECT_THAT(back.consumption.cpus, ElementsAre(0, 1, 64));
  for (std::size_t size = 24; size < bytes.size(); ++size) {
    WireReader cut(std::span<std::byte const>(bytes).first(size));
    decode_header(cut);
    EXPECT_THROW(decode_assignment(cut), Error) << size;
  }
}

TEST(RollCall, ARankIsAnswered) {
  auto const ends = comm::make_in_process(2);
  auto answer = std::async(std::launch::async, [&] { return answer_roll_call(*ends[1], sample(), std::chrono::seconds(60)); });
  auto const message = ends[0]->poll(std::chrono::seconds(60));
  ASSERT_TRUE(message);
  EXPECT_EQ(decode(message->body).facts.host, "node7");
  Assignment leave;
  leave.verdict = Exit::user;
  leave.reason = "the job file is faulty";
  ends[0]->send(1, encode({MessageType::assign, 0, 1, 1}, leave));
  auto const told = answer.get();
  EXPECT_EQ(told.part, Part::leave);
  EXPECT_EQ(told.verdict, Exit::user);
  EXPECT_EQ(told.reason, "the job file is faulty");
}

TEST(RollCall, ASilentRank0IsNotWaitedForForEver) {
  auto const ends = comm::make_in_process(2);
  try {
    answer_roll_call(*ends[1], sample(), std::chrono::seconds(0));
    FAIL() << "it waited for nobody";
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::environment);
    EXPECT_THAT(error.what(), HasSubstr("rank 0 did not say within 0 s what to compute"));
  }
}

TEST(RollCall, ARankThatIsAskedToEndLeavesASilentRank0) {
  auto const ends = comm::make_in_process(2);
  std::atomic<unsigned> const signs{1};
  auto const told = answer_roll_call(*ends[1], sample(), std::chrono::seconds(1), &signs);
  EXPECT_EQ(told.part, Part::leave);
  EXPECT_EQ(told.verdict, Exit::stopped);
  EXPECT_THAT(told.reason, HasSubstr("rank 0 is silent"));
}

}  // namespace
}  // namespace muster::worker
