// nvidia-smi topo -m and nvidia-smi topo -p2p r
#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include "core/error.hpp"
#include "core/text.hpp"
#include "topology/facts_io.hpp"
#include "topology/links.hpp"

namespace muster::topology {
namespace {

/// Without the escapes that underline the header.
std::string without_escapes(std::string const& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\033') {
      plain += text[i];
      continue;
    }
    while (i < text.size() && text[i] != 'm') ++i;
  }
  return plain;
}

std::vector<std::string> words_in(std::string const& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

bool is_gpu(std::string const& word) {
  return word.starts_with("GPU") && word.size() > 3 && word.size() < 8 &&
         std::all_of(word.begin() + 3, word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

struct Matrix {
  std::size_t columns = 0;                     ///< of GPUs
  std::size_t others = 0;                      ///< of network cards, after them
  bool has_numa = false;
  std::vector<std::vector<std::string>> rows;  ///< of GPUs, the name left out
};

/// The header is the first line that begins with GPU0; rows follow until the legend.
Matrix read_matrix_text(std::string const& text, std::string const& source) {
  Matrix matrix;
  std::istringstream in(without_escapes(text));
  for (std::string line; std::getline(in, line);) {
    auto const words = words_in(line);
    if (words.empty() || !is_gpu(words.front())) {
      if (!matrix.rows.empty() && !words.empty() && words.front() == "Legend:") break;
      continue;
    }
    if (matrix.columns == 0) {
      auto const end = std::find_if_not(words.begin(), words.end(), is_gpu);  // "GPU NUMA ID" comes last
      matrix.columns = static_cast<std::size_t>(end - words.begin());
      auto const affinity = std::find(words.begin(), words.end(), "CPU");
      matrix.others = static_cast<std::size_t>(affinity - words.begin()) - matrix.columns;
      matrix.has_numa = std::find(words.begin(), words.end(), "NUMA") != words.end();
      continue;
    }
    matrix.rows.emplace_back(words.begin() + 1, words.end());
  }
  MUSTER_REQUIRE(matrix.columns > 0 && matrix.columns <= most_gpus_a_machine && matrix.rows.size() == matrix.columns,
                 "{}: {} rows for {} GPUs in the matrix (it must be square); write it anew with nvidia-smi topo -m",
                 source, matrix.rows.size(), matrix.columns);
  for (auto const& row : matrix.rows)
    MUSTER_REQUIRE(row.size() >= matrix.columns, "{}: a row of the matrix has {} of {} columns; write it anew with "
                   "nvidia-smi topo -m", source, row.size(), matrix.columns);
  return matrix;
}

bool is_peer_word(std::string_view word) {
  constexpr std::array<std::string_view, 7> peer_matrix{"OK", "CNS", "GNS", "TNS", "NS", "DR", "U"};
  return std::find(peer_matrix.begin(), peer_matrix.end(), word) != peer_matrix.end();
}

/// After the links stand the CPU affinity, "0-47,96-143", and then the NUMA node, a number or N/A or a range.
int numa_of_row(std::vector<std::string> const& row, Matrix const& matrix) {
  auto const place = matrix.columns + matrix.others + 1;
  int node = -1;
  if (!matrix.has_numa || row.size() <= place) return -1;
  auto const& word = row[place];
  auto const [end, fault] = std::from_chars(word.data(), word.data() + word.size(), node);
  return fault == std::errc{} && end == word.data() + word.size() && node < 4096 ? node : -1;
}

void take_cell(Link& link, std::string const& word, std::string const& source) {
  if (is_peer_word(word)) {
    link.peer = word == "OK" ? Peer::yes : word == "U" ? Peer::unknown : Peer::no;
    return;
  }
  auto const parsed = parse_link(word);
  MUSTER_REQUIRE(parsed.has_value(), "{}: \"{}\" is no link (NV and a number, PIX, PXB, PHB, NODE or SYS are); write the "
                 "file anew with nvidia-smi topo -m", source, printable(word));
  link.kind = parsed->kind;
  link.nvlinks = parsed->nvlinks;
}

}  // namespace

void add_topo_matrix(Facts& facts, std::string const& text, std::string const& source) {
  auto const matrix = read_matrix_text(text, source);
  auto const count = facts.gpus.size();
  MUSTER_REQUIRE(matrix.columns == count, "{}: a matrix of {} GPUs for a machine with {} (they must be of one machine); "
                 "give the files of one machine", source, matrix.columns, count);
  facts.links.resize(count * count);
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < count; ++b)
      if (a != b) take_cell(facts.links[a * count + b], matrix.rows[a][b], source);
    if (auto const numa = numa_of_row(matrix.rows[a], matrix); numa >= 0) {
      facts.gpus[a].numa = numa;
      facts.cpu.numa_nodes = std::max(facts.cpu.numa_nodes, numa + 1);
    }
  }
}

}  // namespace muster::topology
