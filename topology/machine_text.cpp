#include "topology/machine_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/text.hpp"
#include "topology/cards.hpp"
#include "topology/facts_io.hpp"

namespace muster::topology {
namespace {

constexpr int cores_a_gpu = 8;
constexpr std::uint64_t most_cores = 4096;
constexpr std::size_t longest_words = 4096;
constexpr std::uint64_t too_many = 1'000'000'000;  ///< of anything

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool takes_word(std::string_view& text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if ((text[i] | 0x20) != word[i]) return false;
  if (text.size() > word.size() && !is_one_of(text[word.size()], " \tx*,")) return false;
  text = trimmed(text.substr(word.size()));
  return true;
}

/// Takes a count from the front: its digits, which something must follow.
std::optional<std::uint64_t> take_count(std::string_view& text) {
  auto const end = std::find_if_not(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  auto const digits = static_cast<std::size_t>(end - text.begin());
  if (digits == 0 || digits == text.size() || !is_one_of(*end, " \tx*X")) return std::nullopt;
  auto const count = digits > 9 ? std::optional(too_many) : parse_count(text.substr(0, digits));
  text = trimmed(text.substr(digits));
  return count;
}

/// Takes "x" or "*" from the front.
bool take_times(std::string_view& text) {
  if (text.empty() || !is_one_of(text.front(), "xX*")) return false;
  text = trimmed(text.substr(1));
  return true;
}

/// One item between commas.
struct Item {
  std::optional<std::uint64_t> nodes;  ///< begins machines of another sort
  std::uint64_t count = 1;
  Card const* card = nullptr;          ///< nullptr: cores, or nothing but the CPU
  std::optional<std::uint64_t> cores;
};

[[noreturn]] void refuse_card(std::string_view name) {
  std::vector<std::string> names;
  for (auto const& card : cards()) names.push_back(short_name(card));
  std::vector<std::string_view> const known(names.begin(), names.end());
  auto const near = nearest(name, known);
  throw_error(Exit::user, "--on \"{}\": no such GPU is known (its memory and speed decide the plan); {}", printable(name),
              near ? fmt::format("use \"{}\"", *near)
                   : "use a card's name such as \"RTX 3090\" or \"A100-80GB\", or a machine file");
}

void check_count(std::uint64_t count, std::uint64_t most, std::string_view what) {
  MUSTER_REQUIRE(count >= 1 && count <= most, "--on: {} {} (must be 1 to {}{})", human_count(count), what,
                 human_count(most), what == "GPUs in a machine" ? "; write several machines as \"1250 nodes x 8x H100\"" : "");
}

/// "16 nodes x" or "16 machines x".
void take_nodes(std::string_view& text, Item& item) {
  auto rest = text;
  auto const count = take_count(rest);
  if (!count || !(takes_word(rest, "nodes") || takes_word(rest, "node") || takes_word(rest, "machines"))) return;
  check_count(*count, most_nodes, "nodes");
  MUSTER_REQUIRE(take_times(rest) && !rest.empty(), "--on: \"{}\" says nothing of what is in a node; write "
                 "\"16 nodes x 8x H100\"", printable(text));
  item.nodes = count;
  text = rest;
}

Item parse_item(std::string_view text) {
  Item item;
  take_nodes(text, item);
  auto rest = text;
  if (takes_word(rest, "cpu") && rest.empty()) return item;
  if (auto const count = take_count(rest)) {
    if ((takes_word(rest, "cores") || takes_word(rest, "core")) && rest.empty()) {
      check_count(*count, most_cores, "cores");
      item.cores = count;
      return item;
    }
    if (take_times(rest)) {
      check_count(*count, most_gpus_a_machine, "GPUs in a machine");
      item.count = *count;
      text = rest;
    }
  }
  MUSTER_REQUIRE(!trimmed(text).empty(), "--on: a count without a card; write \"8x A100-80GB\"");
  item.card = card_meant_by(text);
  if (item.card == nullptr) refuse_card(text);
  return item;
}

Gpu gpu_of(Card const& card, int ordinal) {
  Gpu gpu;
  gpu.ordinal = ordinal;
  gpu.name = card.name;
  gpu.capability_major = card.capability / 10;
  gpu.capability_minor = card.capability % 10;
  gpu.multiprocessors = card.multiprocessors;
  gpu.memory_bytes = gpu.free_bytes = static_cast<std::uint64_t>(card.reported_mib) << 20;
  gpu.nvlinks = card.nvlinks;
  return gpu;
}

/// On the board such cards are sold on: through switches all reach all, in a mesh the four of a quad.
Link assumed_link(Gpu const& a, Gpu const& b) {
  auto const* const card = find_card(a.name);
  bool const is_alike = a.name == b.name && card != nullptr;
  if (is_alike && card->fabric == Fabric::switched) return {LinkKind::nvlink, card->nvlinks, Peer::yes};
  if (is_alike && card->fabric == Fabric::mesh && a.ordinal / 4 == b.ordinal / 4) return {LinkKind::nvlink, 1, Peer::yes};
  return {is_alike && card->fabric == Fabric::mesh ? LinkKind::system : LinkKind::host_bridge, 0, Peer::unknown};
}

void assume_links(Facts& machine) {
  auto const count = machine.gpus.size();
  if (count < 2) return;
  machine.links.resize(count * count);
  for (std::size_t a = 0; a < count; ++a)
    for (std::size_t b = 0; b < count; ++b)
      if (a != b) machine.links[a * count + b] = assumed_link(machine.gpus[a], machine.gpus[b]);
}

void add_item(Item const& item, Cluster& cluster, std::set<std::size_t>& with_cores) {
  if (item.nodes || cluster.nodes.empty()) cluster.nodes.push_back({{}, static_cast<int>(item.nodes.value_or(1))});
  auto& machine = cluster.nodes.back().machine;
  if (item.cores) {
    with_cores.insert(cluster.nodes.size() - 1);
    machine.cpu.cores = machine.cpu.usable_cores = machine.cpu.threads = machine.cpu.usable_threads =
        static_cast<int>(*item.cores);
  }
  if (item.card == nullptr) return;
  check_count(machine.gpus.size() + item.count, most_gpus_a_machine, "GPUs in a machine");
  for (std::uint64_t i = 0; i < item.count; ++i)
    machine.gpus.push_back(gpu_of(*item.card, static_cast<int>(machine.gpus.size())));
}

std::string describe_cards(Cluster const& cluster) {
  std::vector<std::string> names;
  for (auto const& node : cluster.nodes)
    for (auto const& gpu : node.machine.gpus)
      if (std::find(names.begin(), names.end(), gpu.name) == names.end()) names.push_back(gpu.name);
  std::string text;
  for (auto const& name : names) {
    auto const* const card = find_card(name);
    text += text.empty() ? "" : ", ";
    text += name + (card->fabric == Fabric::pcie ? " on PCIe" : fmt::format(" with {} NVLinks", card->nvlinks));
  }
  return text;
}

}  // namespace

Cluster machines_in_words(std::string_view text) {
  MUSTER_REQUIRE(text.size() <= longest_words, "--on: {} bytes of text (at most {}); put large machines into a file",
                 text.size(), longest_words);
  MUSTER_REQUIRE(!trimmed(text).empty(), "--on is empty (it says which machine to plan for); write --on \"8x A100-80GB\"");
  Cluster cluster;
  std::set<std::size_t> with_cores;
  for (std::size_t begin = 0; begin <= text.size();) {
    auto const end = std::min(text.find(',', begin), text.size());
    add_item(parse_item(trimmed(text.substr(begin, end - begin))), cluster, with_cores);
    begin = end + 1;
  }
  for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
    auto& machine = cluster.nodes[i].machine;
    assume_links(machine);
    machine.gpu_note = machine.gpus.empty() ? "no GPU named in --on" : "";
    if (with_cores.contains(i)) continue;
    int const cores = cores_a_gpu * std::max<int>(1, static_cast<int>(machine.gpus.size()));
    machine.cpu.cores = machine.cpu.usable_cores = machine.cpu.threads = machine.cpu.usable_threads = cores;
    cluster.assumed = fmt::format("{} cores for each GPU", cores_a_gpu);
  }
  if (auto const described = describe_cards(cluster); !described.empty())
    cluster.assumed = described + (cluster.assumed.empty() ? "" : "; " + cluster.assumed);
  check_cluster(cluster, "--on");
  return cluster;
}

}  // namespace muster::topology
