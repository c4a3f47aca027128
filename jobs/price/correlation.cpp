#include "jobs/price/correlation.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/nearest.hpp"
#include "core/text.hpp"

namespace muster::jobs::price {
namespace {

constexpr std::string_view key = "correlation";

struct Pair {
  std::string a, b;
  double value = 0;
  schema::Marks marks;
};

schema::Table const& pair_table() {
  using F = schema::Of<Pair>;
  static schema::Table const table =
      F::table("correlation", "correlation of two assets",
               {F::text<&Pair::a>("a", "name of an asset").required(),
                F::text<&Pair::b>("b", "name of another asset").required(),
                F::number<&Pair::value>("value", "1", schema::between(-1, 1),
                                        "correlation of their log returns")
                    .required()});
  return table;
}

/// Reads one list of numbers with the schema's checks.
struct Row {
  std::vector<double> values;
};
schema::Table const& row_table() {
  using F = schema::Of<Row>;
  static schema::Table const table =
      F::table("row", "a row of the correlation matrix",
               {F::numbers<&Row::values>("values", "1", schema::between(-1, 1),
                                         "correlations with each asset")
                    .at_most_items(limit_assets)});
  return table;
}

class Reader {
 public:
  Reader(MarketInput& market, Faults& faults)
      : market_(market), faults_(faults), rows_(market.assets.size()) {
    matrix_.assign(rows_ * rows_, 0.0);
    for (std::size_t i = 0; i < rows_; ++i) at(i, i) = 1.0;
  }

  std::vector<double> read() {
    TomlView const input = market_.correlation_input;
    if (!input || rows_ == 0) return matrix_;
    if (input.kind() != TomlKind::array) {
      refuse(input,
             fmt::format(
                 "{} is no correlation (matrix rows or pairs); write [[1.0, 0.5], [0.5, 1.0]] or "
                 "[{{ a = \"X\", b = \"Y\", value = 0.5 }}]",
                 input.describe()));
      return matrix_;
    }
    bool const is_matrix = input.size() > 0 && input.at(0).kind() == TomlKind::array;
    is_matrix ? read_rows(input) : read_pairs(input);
    if (is_good_) check_definite(input);
    return matrix_;
  }

 private:
  double& at(std::size_t i, std::size_t j) { return matrix_[i * rows_ + j]; }

  void refuse(TomlView where, std::string const& message) {
    faults_.add(where.place(), market_.marks.name(key), message);
    is_good_ = false;
  }

  void read_rows(TomlView input) {
    if (input.size() != rows_) {
      refuse(input,
             fmt::format("{} rows for {} assets (a row and a column for each); give {} rows of {}",
                         input.size(), rows_, rows_, rows_));
      return;
    }
    for (std::size_t i = 0; i < rows_; ++i) {
      Row row;
      std::size_t const before = faults_.size();
      read_list(row, input.at(i), i);
      if (faults_.size() != before) {
        is_good_ = false;
      } else if (row.values.size() != rows_) {
        refuse(
            input.at(i),
            fmt::format("row {} has {} values for {} assets (a row and a column for each); give {}",
                        i, row.values.size(), rows_, rows_));
      } else {
        for (std::size_t j = 0; j < rows_; ++j) at(i, j) = row.values[j];
      }
    }
    if (is_good_) check_symmetry(input);
  }

  void read_list(Row& row, TomlView input, std::size_t index) {
    schema::Field const& field = row_table().fields[0];
    schema::read_value(field, &row, input, fmt::format("{}.{}", market_.marks.name(key), index),
                       faults_);
  }

  void check_symmetry(TomlView input) {
    for (std::size_t i = 0; i < rows_; ++i) {
      if (at(i, i) != 1.0)
        refuse(input.at(i),
               fmt::format(
                   "the correlation of \"{}\" with itself is {} (it is 1 by definition); write 1.0",
                   printable(market_.assets[i].name), plain_number(at(i, i))));
      for (std::size_t j = 0; j < i; ++j)
        if (at(i, j) != at(j, i))
          refuse(
              input.at(i),
              fmt::format(
                  "not symmetric: \"{}\" with \"{}\" is {}, the other way round {} (a correlation "
                  "has no direction); make them equal",
                  printable(market_.assets[i].name), printable(market_.assets[j].name),
                  plain_number(at(i, j)), plain_number(at(j, i))));
    }
  }

  /// Index of an asset by name; `rows_` after a fault.
  std::size_t index_of(Pair& pair, std::string_view which, std::string const& name) {
    std::vector<std::string_view> names;
    for (auto const& asset : market_.assets) names.push_back(asset.name);
    auto const found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    pair.marks.add(faults_, which,
                   fmt::format("no asset is named \"{}\" (a pair names two of them); {}",
                               printable(name), suggest(name, names)));
    is_good_ = false;
    return rows_;
  }

  void read_pairs(TomlView input) {
    if (input.size() > rows_ * rows_) {
      refuse(input, fmt::format("{} pairs for {} assets (each pair at most once); remove some",
                                input.size(), rows_));
      return;
    }
    std::vector<bool> seen(rows_ * rows_, false);
    for (std::size_t k = 0; k < input.size(); ++k) {
      Pair pair;
      schema::read(pair_table(), &pair, input.at(k),
                   fmt::format("{}.{}", market_.marks.name(key), k), faults_);
      if (pair.marks.is_faulty()) {
        is_good_ = false;
        continue;
      }
      std::size_t const a = index_of(pair, "a", pair.a), b = index_of(pair, "b", pair.b);
      if (a == rows_ || b == rows_) continue;
      if (a == b || seen[a * rows_ + b]) {
        pair.marks.add(
            faults_, "b",
            a == b ? "an asset with itself (that correlation is 1 by definition); remove the pair"
                   : "this pair stands twice (they may disagree); keep one");
        is_good_ = false;
        continue;
      }
      seen[a * rows_ + b] = seen[b * rows_ + a] = true;
      at(a, b) = at(b, a) = pair.value;
    }
  }

  void check_definite(TomlView input) {
    double const smallest = smallest_eigenvalue(matrix_, rows_);
    if (smallest >= -eigenvalue_tolerance) return;
    refuse(input, fmt::format("not positive semi-definite: smallest eigenvalue {:.6g} (no random "
                              "variables have these "
                              "correlations); move them towards 0, e.g. all times {:.4f}",
                              smallest, static_cast<int>(1e4 / (1 - smallest)) * 1e-4));
  }

  MarketInput& market_;
  Faults& faults_;
  std::size_t rows_;
  std::vector<double> matrix_;
  bool is_good_ = true;
};

}  // namespace

std::vector<double> read_correlation(MarketInput& market, Faults& faults) {
  return Reader(market, faults).read();
}

double smallest_eigenvalue(std::vector<double> matrix, std::size_t rows) {
  auto const at = [&](std::size_t i, std::size_t j) -> double& { return matrix[i * rows + j]; };
  for (int sweep = 0; sweep < 60; ++sweep) {
    double off = 0;
    for (std::size_t p = 0; p + 1 < rows; ++p)
      for (std::size_t q = p + 1; q < rows; ++q) off += at(p, q) * at(p, q);
    if (off < 1e-30) break;
    for (std::size_t p = 0; p + 1 < rows; ++p) {
      for (std::size_t q = p + 1; q < rows; ++q) {
        if (at(p, q) == 0) continue;
        // Golub and Van Loan, Matrix Computations, 8.5.2: the smaller rotation angle.
        double const tau = (at(q, q) - at(p, p)) / (2 * at(p, q));
        double const t = (tau >= 0 ? 1.0 : -1.0) / (std::fabs(tau) + std::sqrt(1 + tau * tau));
        double const c = 1 / std::sqrt(1 + t * t), s = t * c;
        for (std::size_t k = 0; k < rows; ++k) {
          double const kp = at(k, p), kq = at(k, q);
          at(k, p) = c * kp - s * kq;
          at(k, q) = s * kp + c * kq;
        }
        for (std::size_t k = 0; k < rows; ++k) {
          double const pk = at(p, k), qk = at(q, k);
          at(p, k) = c * pk - s * qk;
          at(q, k) = s * pk + c * qk;
        }
      }
    }
  }
  double smallest = rows == 0 ? 1.0 : at(0, 0);
  for (std::size_t i = 1; i < rows; ++i) smallest = std::min(smallest, at(i, i));
  return smallest;
}

}  // namespace muster::jobs::price
