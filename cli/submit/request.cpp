#include "cli/submit/request.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "core/text.hpp"

namespace muster::cli::submit {
namespace {

constexpr std::uint64_t most_nodes = 100'000;
constexpr std::int64_t most_minutes = 366 * 24 * 60;

bool is_digits(std::string_view text) {
  return !text.empty() && text.size() <= 9 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A whole number, digits alone.
std::optional<std::int64_t> digits(std::string_view text) {
  if (!is_digits(text)) return std::nullopt;
  return static_cast<std::int64_t>(*parse_count(text));
}

std::vector<std::string_view> parts(std::string_view text, char between) {
  std::vector<std::string_view> found;
  while (true) {
    auto const at = text.find(between);
    found.push_back(text.substr(0, at));
    if (at == text.npos) return found;
    text.remove_prefix(at + 1);
  }
}

[[noreturn]] void throw_time(std::string const& text) {
  throw_error(Exit::user,
              "--time {} (must be a limit of at least a minute and at most a year, which Slurm ends the job at); write minutes, "
              "hours:minutes:seconds or days-hours:minutes:seconds, e.g. 2:30:00", printable(text));
}

/// All numbers of "a:b:c"; nullopt for anything else.
std::optional<std::vector<std::int64_t>> numbers(std::string_view text) {
  std::vector<std::int64_t> found;
  for (auto const part : parts(text, ':')) {
    auto const number = digits(part);
    if (!number) return std::nullopt;
    found.push_back(*number);
  }
  return found;
}

/// "gpu:2", "gpu:a100:4(S:0-1)", "(null)"; other resources between commas.
int gpus_in(std::string_view gres) {
  int gpus = 0;
  for (auto part : parts(gres, ',')) {
    part = part.substr(0, part.find('('));
    auto const words = parts(part, ':');
    if (words.front() != "gpu" || words.size() < 2) continue;
    gpus += static_cast<int>(std::min<std::int64_t>(digits(words.back()).value_or(0), 1024));
  }
  return gpus;
}

std::optional<Node> node_in_line(std::string_view line) {
  auto const fields = parts(line, '|');
  if (fields.size() != 3) return std::nullopt;
  auto const cpus = digits(fields[0]);
  auto const memory = digits(fields[1]);
  if (!cpus || *cpus < 1 || !memory) return std::nullopt;
  Node node;
  node.cpus = static_cast<int>(*cpus);
  node.gpus = gpus_in(fields[2]);
  node.memory_mb = static_cast<std::uint64_t>(*memory);
  return node;
}

void take_least(std::optional<Node>& least, Node const& node) {
  if (!least) {
    least = node;
    return;
  }
  least->cpus = std::min(least->cpus, node.cpus);
  least->gpus = std::min(least->gpus, node.gpus);
  least->memory_mb = std::min(least->memory_mb, node.memory_mb);
}

int cpus_a_task(std::optional<Node> const& node, ShareWishes const& wishes, int tasks) {
  if (wishes.cpus > 0) return wishes.cpus;
  MUSTER_REQUIRE(node.has_value(),
                 "how many CPUs a node has is not known here (sinfo does not say, and a rank would be given one); add "
                 "--cpus-per-task N, or --on with the nodes' machine");
  return std::max(1, node->cpus / tasks);
}

void check_fits(Node const& node, Share const& share) {
  MUSTER_REQUIRE(share.gpus <= node.gpus,
                 "--gpus-per-node {} (the nodes have {}, so the job would wait for ever); ask for fewer, or for another "
                 "--partition", share.gpus, node.gpus);
  MUSTER_REQUIRE(static_cast<std::int64_t>(share.tasks) * share.cpus <= node.cpus,
                 "{} ranks a node with {} CPUs each (the nodes have {} CPUs, so the job would wait for ever); ask for less with "
                 "--tasks-per-node or --cpus-per-task", share.tasks, share.cpus, node.cpus);
  MUSTER_REQUIRE(node.memory_mb == 0 || share.memory_mb <= node.memory_mb,
                 "--mem {} MiB (the nodes have {} MiB, so the job would wait for ever); ask for less", share.memory_mb,
                 node.memory_mb);
}

}  // namespace

NodeRange parse_nodes(std::string const& text) {
  auto const ends = parts(text, '-');
  auto const least = digits(ends.front());
  auto const most = digits(ends.back());
  MUSTER_REQUIRE(ends.size() <= 2 && least && most && *least >= 1 && *least <= *most &&
                     *most <= static_cast<std::int64_t>(most_nodes),
                 "--nodes {} (must be a number of machines or a range of them, 1 to {}); write 4, or 2-8 to start with what "
                 "is free", printable(text), most_nodes);
  return {static_cast<int>(*least), static_cast<int>(*most)};
}

std::int64_t parse_time_minutes(std::string const& text) {
  std::string_view rest = text;
  std::int64_t days = 0;
  auto const dash = rest.find('-');
  if (dash != rest.npos) {
    auto const count = digits(rest.substr(0, dash));
    if (!count) throw_time(text);
    days = *count;
    rest.remove_prefix(dash + 1);
  }
  auto fields = numbers(rest);
  if (!fields || fields->size() > 3) throw_time(text);
  // Without days one number is minutes and two are minutes and seconds; with days they begin at hours.
  if (dash == text.npos && fields->size() < 3) fields->insert(fields->begin(), 0);
  fields->resize(3);
  auto const seconds = ((days * 24 + (*fields)[0]) * 60 + (*fields)[1]) * 60 + (*fields)[2];
  auto const minutes = (seconds + 59) / 60;
  if (minutes < 1 || minutes > most_minutes) throw_time(text);
  return minutes;
}

std::string time_text(std::int64_t minutes) {
  return fmt::format("{}-{:02}:{:02}:00", minutes / 1440, minutes / 60 % 24, minutes % 60);
}

std::string slurm_word(std::string_view option, std::string const& text) {
  constexpr std::string_view others = "_.,:+=/@%&|*()[]-";
  bool const is_plain = !text.empty() && text.size() <= 256 && text.front() != '-' &&
                        std::all_of(text.begin(), text.end(), [&](char c) {
                          bool const is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                          return is_letter || others.find(c) != others.npos;
                        });
  MUSTER_REQUIRE(is_plain,
                 "{} \"{}\" (Slurm knows letters, digits and {} there, no leading dash, at most 256; others could be read as "
                 "another option); check its spelling", option, printable(text), others);
  return text;
}

std::optional<Node> node_in_sinfo(std::string_view lines) {
  std::optional<Node> least;
  for (auto const line : parts(lines, '\n'))
    if (auto const node = node_in_line(trimmed(line))) take_least(least, *node);
  return least;
}

std::optional<std::int64_t> limit_in_sinfo(std::string_view lines, std::string_view partition) {
  for (auto const line : parts(lines, '\n')) {
    auto const fields = parts(trimmed(line), '|');
    if (fields.size() != 2 || fields[1].empty() || !is_digits(fields[1].substr(0, 1))) continue;
    bool const is_default = fields[0].ends_with('*');
    auto const name = fields[0].substr(0, fields[0].size() - is_default);
    if (partition.empty() ? is_default : name == partition) return parse_time_minutes(std::string(fields[1]));
  }
  return std::nullopt;
}

Node node_in_cluster(topology::Cluster const& cluster) {
  std::optional<Node> least;
  for (auto const& nodes : cluster.nodes) {
    Node node;
    node.cpus = std::max(1, nodes.machine.cpu.usable_cores);
    node.gpus = static_cast<int>(nodes.machine.gpus.size());
    take_least(least, node);
  }
  MUSTER_ASSERT(least.has_value(), "a cluster without machines");
  return *least;
}

int machines_in(topology::Cluster const& cluster) {
  int machines = 0;
  for (auto const& nodes : cluster.nodes) machines += nodes.count;
  return machines;
}

Share share_of(std::optional<Node> const& node, ShareWishes const& wishes) {
  Share share;
  share.gpus = wishes.gpus.value_or(node ? node->gpus : 0);
  share.tasks = wishes.tasks > 0 ? wishes.tasks : std::max(1, share.gpus);
  share.cpus = cpus_a_task(node, wishes, share.tasks);
  share.memory_mb = wishes.memory_mb;
  if (node) check_fits(*node, share);
  return share;
}

std::uint64_t memory_mb_for(Needs const& needs, Share const& share, std::optional<Node> const& node) {
  auto const ranks = static_cast<std::uint64_t>(share.tasks);
  auto const expected_mb = (needs.rank_bytes >> 20) * ranks;
  auto const wanted_mb = 2 * expected_mb + ranks * (share.gpus > 0 ? 4096 : 1024);
  if (!node || node->memory_mb == 0) return wanted_mb;
  MUSTER_REQUIRE(expected_mb <= node->memory_mb,
                 "{} ranks a node need {} MiB (the nodes have {} MiB, so they would be killed); ask for fewer with "
                 "--tasks-per-node or --cpus-per-task, or for another --partition", share.tasks, expected_mb, node->memory_mb);
  return std::min(wanted_mb, node->memory_mb);
}

std::optional<std::int64_t> minutes_for(Needs const& needs, std::optional<std::int64_t> const& limit) {
  if (!(needs.seconds > 0)) return std::nullopt;
  auto const wanted = std::min(3 * needs.seconds / 60 + 10, static_cast<double>(most_minutes));
  auto const minutes = std::min(most_minutes, (static_cast<std::int64_t>(wanted) + 5) / 5 * 5);
  return limit ? std::min(minutes, *limit) : minutes;
}

}  // namespace muster::cli::submit
