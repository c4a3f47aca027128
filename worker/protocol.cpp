#include "worker/protocol.hpp"

#include <array>
#include <cmath>

namespace muster::worker {
namespace {

/// Leases and results in one message; more is a broken count.
constexpr std::uint32_t most_in_a_message = 1 << 16;

/// In the order of the message.
constexpr std::array device_figures{&DeviceUse::limit_bytes,     &DeviceUse::pool_high_bytes, &DeviceUse::context_bytes,
                                    &DeviceUse::smaller_batches, &DeviceUse::recomputations,  &DeviceUse::moves_to_cpu};

[[noreturn]] void refuse(char const* field, std::uint64_t value) {
  throw_error(
      Exit::bug,
      "a message says {} = {} (no muster sends that); please report it with both ranks' logs",
      field, value);
}

}  // namespace

WireWriter begin_message(Header const& header, std::size_t payload) {
  Bytes bytes;
  bytes.reserve(24 + payload);
  WireWriter out(std::move(bytes));
  out.put(wire_magic);
  out.put(wire_version);
  out.put(static_cast<std::uint8_t>(header.type));
  out.put(header.epoch);
  out.put(header.sequence);
  out.put(header.acknowledged);
  return out;
}

namespace {

void put_range(WireWriter& out, TileRange range) {
  out.put(range.first);
  out.put(range.count);
}

/// Of computing, as a rank says; nonsense is not measured at all.
double get_seconds(WireReader& in) {
  auto const seconds = in.get<double>();
  return std::isfinite(seconds) && seconds >= 0 ? seconds : 0;
}

TileRange get_range(WireReader& in) {
  TileRange range;
  range.first = in.get<std::uint64_t>();
  range.count = in.get<std::uint64_t>();
  if (range.count == 0 || range.first + range.count < range.first) refuse("tiles", range.count);
  return range;
}

bool is_known(std::uint8_t type) { return (type >= 1 && type <= 11) || (type >= 16 && type <= 20); }

}  // namespace

Exit decode_exit(WireReader& in) {
  auto const code = in.get<std::int32_t>();
  for (Exit known :
       {Exit::done, Exit::user, Exit::environment, Exit::job_failed, Exit::bug, Exit::stopped})
    if (static_cast<int>(known) == code) return known;
  refuse("exit code", static_cast<std::uint64_t>(code));
}

Bytes encode(Header const& header) { return begin_message(header).take(); }

Bytes encode(Header const& header, Hello const& hello) {
  WireWriter out = begin_message(header);
  out.put_text(hello.muster_version);
  out.put(hello.arithmetic_version);
  out.put_text(hello.host);
  out.put_text(hello.devices);
  return out.take();
}

Bytes encode(Header const& header, Welcome const& welcome) {
  WireWriter out = begin_message(header, welcome.job.text.size() + 256);
  out.put_text(welcome.job.kind);
  out.put_text(welcome.job.name);
  out.put_text(welcome.job.text);
  out.put(welcome.job.seed);
  out.put_text(welcome.job.folder);
  out.put_text(welcome.job_hash);
  return out.take();
}

Bytes encode(Header const& header, Ready const& ready) {
  WireWriter out = begin_message(header);
  out.put_text(ready.job_hash);
  out.put(ready.slots);
  out.put(ready.consumers);
  out.put(ready.preferred_tiles);
  out.put(ready.cards);
  return out.take();
}

Bytes encode(Header const& header, Failure const& failure) {
  WireWriter out = begin_message(header);
  out.put(failure.lease);
  out.put(static_cast<std::int32_t>(failure.code));
  out.put(static_cast<std::uint8_t>(failure.retry == Retry::may_help));
  out.put_text(failure.device);
  out.put_text(failure.message);
  return out.take();
}

Bytes encode(Header const& header, Stop const& stop) {
  WireWriter out = begin_message(header);
  out.put(static_cast<std::int32_t>(stop.verdict));
  out.put_text(stop.reason);
  out.put(static_cast<std::uint8_t>(stop.has_losses));
  return out.take();
}

Bytes encode_news(Header const& header, std::span<comm::RankNews const> news) {
  WireWriter out = begin_message(header, 8 + 17 * news.size());
  out.put(static_cast<std::uint32_t>(news.size()));
  for (comm::RankNews const& one : news) {
    out.put(static_cast<std::int32_t>(one.rank));
    out.put(static_cast<std::uint8_t>(one.fate));
    out.put(static_cast<std::int32_t>(one.signal));
    out.put(one.out_of_memory_kills);
  }
  return out.take();
}

Bytes encode(Header const& header, std::vector<DeviceUse> const& devices) {
  WireWriter out = begin_message(header);
  out.put(static_cast<std::uint32_t>(devices.size()));
  for (DeviceUse const& use : devices) {
    out.put_text(use.device);
    for (auto const member : device_figures) out.put(use.*member);
  }
  return out.take();
}

Bytes encode(Header const& header, Dropped const& dropped) {
  WireWriter out = begin_message(header, 24);
  out.put(dropped.lease);
  out.put(dropped.tiles);
  out.put(dropped.seconds);
  return out.take();
}

Bytes encode_work(Header const& header, Step const& step, std::span<Lease const> leases,
                  std::span<std::uint64_t const> drops, Joint const* joint) {
  WireWriter out = begin_message(header, 64 + (joint == nullptr ? 0 : joint->name.size()) + 8 * step.words.size() + 24 * leases.size() + 8 * drops.size());
  out.put(static_cast<std::uint8_t>(step.by));
  if (step.by != Step::By::none) {
    out.put(step.stage);
    out.put<std::uint64_t>(step.words.size());
    out.put_array(std::span<std::int64_t const>(step.words));
  }
  out.put(static_cast<std::uint32_t>(leases.size()));
  for (Lease const& lease : leases) {
    out.put(lease.id);
    put_range(out, lease.range);
  }
  out.put(static_cast<std::uint32_t>(drops.size()));
  out.put_array(drops);
  out.put<std::uint8_t>(joint != nullptr);
  if (joint == nullptr) return out.take();
  out.put(joint->meeting);
  out.put(joint->index);
  out.put(joint->size);
  out.put<std::uint64_t>(joint->name.size());
  out.put_array(std::span<std::byte const>(joint->name));
  return out.take();
}

Bytes encode_results(Header const& header, std::span<Result const> results) {
  std::size_t payload = 8;
  for (Result const& result : results)
    payload += 40 + 8 * result.sums.size() + 16 * result.digests.size();
  WireWriter out = begin_message(header, payload);
  out.put(static_cast<std::uint32_t>(results.size()));
  for (Result const& result : results) {
    out.put(result.lease);
    put_range(out, result.range);
    out.put(result.seconds);
    out.put<std::uint64_t>(result.sums.size());
    out.put_array(std::span<std::int64_t const>(result.sums));
    out.put_array(std::span<TileDigest const>(result.digests));
  }
  return out.take();
}

Header decode_header(WireReader& in) {
  auto const magic = in.get<std::uint16_t>();
  auto const version = in.get<std::uint8_t>();
  MUSTER_REQUIRE_ENV(
      magic == wire_magic && version == wire_version,
      "a message has mark {:#06x} and protocol version {} (this rank speaks {:#06x}, version {}); "
      "run the same muster build on every host",
      magic, version, wire_magic, wire_version);
  auto const type = in.get<std::uint8_t>();
  if (!is_known(type)) refuse("type", type);
  Header header;
  header.type = static_cast<MessageType>(type);
  header.epoch = in.get<std::uint32_t>();
  header.sequence = in.get<std::uint64_t>();
  header.acknowledged = in.get<std::uint64_t>();
  return header;
}

Hello decode_hello(WireReader& in) {
  Hello hello;
  hello.muster_version = in.get_text();
  hello.arithmetic_version = in.get<std::uint64_t>();
  hello.host = in.get_text();
  hello.devices = in.get_text();
  expect_end(in);
  return hello;
}

Welcome decode_welcome(WireReader& in) {
  Welcome welcome;
  welcome.job.kind = in.get_text();
  welcome.job.name = in.get_text();
  welcome.job.text = in.get_text();
  welcome.job.seed = in.get<std::uint64_t>();
  welcome.job.folder = in.get_text();
  welcome.job_hash = in.get_text();
  expect_end(in);
  return welcome;
}

Ready decode_ready(WireReader& in) {
  Ready ready;
  ready.job_hash = in.get_text();
  ready.slots = in.get<std::uint64_t>();
  ready.consumers = in.get<std::uint32_t>();
  ready.preferred_tiles = in.get<std::uint64_t>();
  ready.cards = in.get<std::uint32_t>();
  if (ready.consumers == 0 || ready.consumers > most_in_a_message)
    refuse("consumers", ready.consumers);
  expect_end(in);
  return ready;
}

Failure decode_failure(WireReader& in) {
  Failure failure;
  failure.lease = in.get<std::uint64_t>();
  failure.code = decode_exit(in);
  failure.retry = in.get<std::uint8_t>() != 0 ? Retry::may_help : Retry::useless;
  failure.device = in.get_text();
  failure.message = in.get_text();
  expect_end(in);
  return failure;
}

Stop decode_stop(WireReader& in) {
  Stop stop;
  stop.verdict = decode_exit(in);
  stop.reason = in.get_text();
  stop.has_losses = in.get<std::uint8_t>() != 0;
  expect_end(in);
  return stop;
}

std::vector<comm::RankNews> decode_news(WireReader& in) {
  auto const count = in.get<std::uint32_t>();
  if (count > most_in_a_message) refuse("news", count);
  std::vector<comm::RankNews> news;
  for (std::uint32_t i = 0; i < count; ++i) {
    comm::RankNews one;
    one.rank = in.get<std::int32_t>();
    auto const fate = in.get<std::uint8_t>();
    if (fate < 1 || fate > 3) refuse("fate", fate);
    one.fate = static_cast<comm::Fate>(fate);
    one.signal = in.get<std::int32_t>();
    one.out_of_memory_kills = in.get<std::uint64_t>();
    news.push_back(one);
  }
  expect_end(in);
  return news;
}

std::vector<DeviceUse> decode_memory(WireReader& in) {
  auto const count = in.get<std::uint32_t>();
  if (count > most_in_a_message) refuse("devices", count);
  std::vector<DeviceUse> devices;
  for (std::uint32_t i = 0; i < count; ++i) {
    DeviceUse use;
    use.device = in.get_text();
    for (auto const member : device_figures) use.*member = in.get<std::uint64_t>();
    devices.push_back(std::move(use));
  }
  expect_end(in);
  return devices;
}

Dropped decode_dropped(WireReader& in) {
  Dropped dropped;
  dropped.lease = in.get<std::uint64_t>();
  dropped.tiles = in.get<std::uint64_t>();
  dropped.seconds = get_seconds(in);
  expect_end(in);
  return dropped;
}

namespace {

Joint decode_joint(WireReader& in) {
  Joint joint;
  joint.meeting = in.get<std::uint64_t>();
  joint.index = in.get<std::uint32_t>();
  joint.size = in.get<std::uint32_t>();
  if (joint.index >= joint.size) refuse("place in a meeting", joint.index);
  in.get_array(joint.name, in.get<std::uint64_t>());
  return joint;
}

}  // namespace

void decode_work(WireReader& in, Step& step, std::vector<Lease>& leases, std::vector<std::uint64_t>& drops,
                 std::optional<Joint>& joint) {
  auto const by = in.get<std::uint8_t>();
  if (by > 2) refuse("step", by);
  step = {static_cast<Step::By>(by), 0, std::move(step.words)};
  step.words.clear();
  if (step.by != Step::By::none) {
    step.stage = in.get<std::uint64_t>();
    in.get_array(step.words, in.get<std::uint64_t>());
  }
  auto const count = in.get<std::uint32_t>();
  if (count > most_in_a_message) refuse("leases", count);
  leases.clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    Lease lease;
    lease.id = in.get<std::uint64_t>();
    lease.range = get_range(in);
    leases.push_back(lease);
  }
  auto const dropped = in.get<std::uint32_t>();
  if (dropped > most_in_a_message) refuse("leases to drop", dropped);
  in.get_array(drops, dropped);
  joint = in.get<std::uint8_t>() == 0 ? std::nullopt : std::optional(decode_joint(in));
  if (joint && leases.size() != 1) refuse("leases of a joint one", leases.size());
  expect_end(in);
}

std::uint32_t decode_results_count(WireReader& in) {
  auto const count = in.get<std::uint32_t>();
  if (count > most_in_a_message) refuse("results", count);
  return count;
}

void decode_result(WireReader& in, SlotsOf const& slots_of, Result& out) {
  out.lease = in.get<std::uint64_t>();
  out.range = get_range(in);
  out.seconds = get_seconds(in);
  auto const length = in.get<std::uint64_t>();
  if (length != slots_of(out.range)) refuse("slots", length);
  in.get_array(out.sums, length);
  in.get_array(out.digests, out.range.count);
}

void expect_end(WireReader const& in) {
  if (in.left() != 0) refuse("bytes after its end", in.left());
}

}  // namespace muster::worker
