#include "worker/roll_call.hpp"

#include <algorithm>

#include "topology/facts_io.hpp"
#include "topology/probe.hpp"

namespace muster::worker {
namespace {

/// From the launcher's request to end, where rank 0 says nothing.
constexpr std::chrono::seconds orphan_limit{5};

constexpr std::uint64_t most_facts_bytes = 16 << 20;
constexpr std::uint64_t most_software = 64;
constexpr std::uint64_t most_cpus = 1 << 16;
constexpr std::uint64_t most_accelerators = 1024;
constexpr std::int32_t most_threads = 1 << 16;

void require(bool holds, char const* field, std::uint64_t value) {
  if (!holds)
    throw_error(Exit::bug, "a message says {} = {} (no muster sends that); please report it with both ranks' logs", field,
                value);
}

topology::Facts facts_from(std::string const& json, std::string const& from) {
  try {
    auto const cluster = topology::cluster_from_json(json, from);
    require(cluster.nodes.size() == 1 && cluster.nodes.front().count == 1, "machines", cluster.nodes.size());
    return cluster.nodes.front().machine;
  } catch (Error const& error) {
    throw_error(Exit::bug, "{} (what a rank tells of its machine cannot be used); please report it with both ranks' logs",
                error.what());
  }
}

}  // namespace

Bytes encode(Header const& header, Presence const& presence) {
  auto const facts = topology::to_json(presence.facts);
  auto out = begin_message(header, facts.size() + 1024);
  out.put<std::uint64_t>(presence.software.size());
  for (auto const& [what, value] : presence.software) {
    out.put_text(what);
    out.put_text(value);
  }
  out.put_text(facts);
  return out.take();
}

Presence decode_presence(WireReader& in, std::string const& from) {
  Presence presence;
  auto const software = in.get<std::uint64_t>();
  require(software <= most_software, "software", software);
  for (auto left = software; left > 0; --left) {
    auto what = in.get_text();
    presence.software.emplace_back(std::move(what), in.get_text());
  }
  auto const facts = in.get_text();
  expect_end(in);
  require(facts.size() <= most_facts_bytes, "bytes of facts", facts.size());
  presence.facts = facts_from(facts, from);
  return presence;
}

Bytes encode(Header const& header, Assignment const& assignment) {
  auto const& with = assignment.consumption;
  auto out = begin_message(header, 256 + 4 * with.cpus.size());
  out.put(static_cast<std::uint8_t>(assignment.part));
  out.put(static_cast<std::uint8_t>(with.is_idle));
  out.put(static_cast<std::int32_t>(with.threads));
  out.put<std::uint64_t>(with.accelerators.size());
  for (auto const& device : with.accelerators) {
    out.put(static_cast<std::int32_t>(device.ordinal));
    out.put(device.pool_bytes);
  }
  out.put(static_cast<std::int32_t>(with.threads_instead));
  out.put(static_cast<std::int32_t>(with.members));
  out.put<std::uint64_t>(with.cpus.size());
  for (int const cpu : with.cpus) out.put(static_cast<std::int32_t>(cpu));
  out.put(static_cast<std::int32_t>(assignment.verdict));
  out.put_text(assignment.reason);
  return out.take();
}

Assignment decode_assignment(WireReader& in) {
  Assignment assignment;
  auto const part = in.get<std::uint8_t>();
  require(part <= static_cast<std::uint8_t>(Part::leave), "part", part);
  assignment.part = static_cast<Part>(part);
  auto& with = assignment.consumption;
  with.is_idle = in.get<std::uint8_t>() != 0;
  with.threads = in.get<std::int32_t>();
  require(with.threads >= 0 && with.threads <= most_threads, "threads", static_cast<std::uint64_t>(with.threads));
  auto const accelerators = in.get<std::uint64_t>();
  require(accelerators <= most_accelerators, "devices", accelerators);
  for (auto left = accelerators; left > 0; --left) {
    auto const ordinal = in.get<std::int32_t>();
    with.accelerators.push_back({jobs::Device::Kind::cuda, ordinal, in.get<std::uint64_t>()});
  }
  with.threads_instead = in.get<std::int32_t>();
  require(with.threads_instead >= 0 && with.threads_instead <= most_threads, "threads instead",
          static_cast<std::uint64_t>(with.threads_instead));
  with.members = in.get<std::int32_t>();
  require(with.members >= 1 && with.members <= static_cast<int>(most_accelerators), "members", static_cast<std::uint64_t>(with.members));
  auto const cpus = in.get<std::uint64_t>();
  require(cpus <= most_cpus, "CPUs", cpus);
  in.get_array(with.cpus, cpus);
  assignment.verdict = decode_exit(in);
  assignment.reason = in.get_text();
  expect_end(in);
  return assignment;
}

Assignment answer_roll_call(comm::Transport& transport, Presence const& mine, std::chrono::seconds patience,
                            std::atomic<unsigned> const* end_signs) {
  transport.send(0, encode({MessageType::present, 0, 1, 0}, mine));
  std::vector<comm::RankNews> news;
  auto deadline = std::chrono::steady_clock::now() + patience;
  bool is_asked = false;
  while (std::chrono::steady_clock::now() < deadline) {
    if (!is_asked && end_signs != nullptr && *end_signs > 0) {
      is_asked = true;
      deadline = std::min(deadline, std::chrono::steady_clock::now() + orphan_limit);
    }
    auto const message = transport.poll(std::chrono::milliseconds{500});
    for (auto const& one : transport.take_news()) {
      if (one.rank == 0 && one.fate == comm::Fate::dead) {
        transport.note_loss();
        return {Part::leave, {}, Exit::stopped, "rank 0 has died", true, {}};
      }
      news.push_back(one);
    }
    if (!message || message->from != 0) continue;
    WireReader in(message->body);
    auto const header = decode_header(in);
    require(header.type == MessageType::assign, "type", static_cast<std::uint64_t>(header.type));
    auto assignment = decode_assignment(in);
    assignment.news = std::move(news);
    return assignment;
  }
  if (is_asked) {
    transport.note_loss();
    return {Part::leave, {}, Exit::stopped, "asked to end, and rank 0 is silent", false, {}};
  }
  throw_error(Exit::environment, "rank 0 did not say within {} s what to compute (it has stopped, or its job takes that long to "
              "read); look at its messages", patience.count());
}

}  // namespace muster::worker
