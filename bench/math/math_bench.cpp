// muster's math functions in plain loops beside SLEEF's vector functions of 1 ulp on the same
// arguments: nanoseconds a value, and their ratio (above one: muster is faster).
//
// One program per instruction set: AVX2 compares with SLEEF's 4 and 8 lanes, AVX-512 with its 8 and
// 16. --benchmark_repetitions=5 keeps the best of five, for a machine that is not idle.
#include <benchmark/benchmark.h>
#include <immintrin.h>
#include <sleef.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "kernels/math/math.hpp"

namespace {

namespace mk = muster::kernels;
constexpr int count = 4096;  // arguments and results stay in the first-level caches

template <class T>
struct Arrays {
  std::vector<T> x, y, out, out2;
};

/// Arguments between low and high, second arguments in [-10, 10].
template <class T>
Arrays<T> draw(double low, double high) {
  std::mt19937_64 random(7);
  auto const unit = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  Arrays<T> a{std::vector<T>(count), std::vector<T>(count), std::vector<T>(count),
              std::vector<T>(count)};
  for (int i = 0; i < count; ++i) {
    a.x[i] = static_cast<T>(low + (high - low) * unit());
    a.y[i] = static_cast<T>(20 * unit() - 10);
  }
  return a;
}

#if defined(__AVX512F__)
struct Double {
  using V = __m512d;
  static constexpr int lanes = 8;
  static V load(double const* p) { return _mm512_loadu_pd(p); }
  static void store(double* p, V v) { _mm512_storeu_pd(p, v); }
};
struct Float {
  using V = __m512;
  static constexpr int lanes = 16;
  static V load(float const* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, V v) { _mm512_storeu_ps(p, v); }
};
#define MUSTER_SLEEF_D(name, ulp) Sleef_##name##d8_##ulp##avx512f
#define MUSTER_SLEEF_S(name, ulp) Sleef_##name##f16_##ulp##avx512f
#else
struct Double {
  using V = __m256d;
  static constexpr int lanes = 4;
  static V load(double const* p) { return _mm256_loadu_pd(p); }
  static void store(double* p, V v) { _mm256_storeu_pd(p, v); }
};
struct Float {
  using V = __m256;
  static constexpr int lanes = 8;
  static V load(float const* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, V v) { _mm256_storeu_ps(p, v); }
};
#define MUSTER_SLEEF_D(name, ulp) Sleef_##name##d4_##ulp##avx2
#define MUSTER_SLEEF_S(name, ulp) Sleef_##name##f8_##ulp##avx2
#endif

/// Runs pass(arrays) until the benchmark is satisfied and reports the time a value.
template <class T, class F>
void measure(benchmark::State& state, double low, double high, F pass) {
  Arrays<T> a = draw<T>(low, high);
  for (auto _ : state) {
    pass(a.x.data(), a.y.data(), a.out.data(), a.out2.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * count);
}

template <class T, class F>
void add_muster(std::string const& name, double low, double high, F f) {
  benchmark::RegisterBenchmark((name + "/muster").c_str(), [=](benchmark::State& state) {
    measure<T>(
        state, low, high,
        [f](T const* __restrict x, T const* __restrict y, T* __restrict out, T* __restrict out2) {
          for (int i = 0; i < count; ++i) f(x[i], y[i], out[i], out2[i]);
        });
  });
}

template <class Lanes, class T, class F>
void add_sleef(std::string const& name, double low, double high, F f) {
  benchmark::RegisterBenchmark((name + "/sleef").c_str(), [=](benchmark::State& state) {
    measure<T>(state, low, high, [f](T const* x, T const* y, T* out, T* out2) {
      for (int i = 0; i < count; i += Lanes::lanes)
        f(Lanes::load(x + i), Lanes::load(y + i), out + i, out2 + i);
    });
  });
}

/// A function of one argument in both precisions and both libraries.
#define MUSTER_COMPARE(name, ulp, low, high)                                             \
  add_muster<double>(#name "/double", low, high,                                         \
                     [](double x, double, double& out, double&) { out = mk::name(x); }); \
  add_sleef<Double, double>(#name "/double", low, high,                                  \
                            [](Double::V x, Double::V, double* out, double*) {           \
                              Double::store(out, MUSTER_SLEEF_D(name, ulp)(x));          \
                            });                                                          \
  add_muster<float>(#name "/float", low, high,                                           \
                    [](float x, float, float& out, float&) { out = mk::name(x); });      \
  add_sleef<Float, float>(#name "/float", low, high,                                     \
                          [](Float::V x, Float::V, float* out, float*) {                 \
                            Float::store(out, MUSTER_SLEEF_S(name, ulp)(x));             \
                          })

void add_sincos(double low, double high) {
  add_muster<double>("sincos/double", low, high,
                     [](double x, double, double& s, double& c) { mk::sincos(x, s, c); });
  add_sleef<Double, double>("sincos/double", low, high,
                            [](Double::V x, Double::V, double* s, double* c) {
                              auto const r = MUSTER_SLEEF_D(sincos, u10)(x);
                              Double::store(s, r.x);
                              Double::store(c, r.y);
                            });
  add_muster<float>("sincos/float", low, high,
                    [](float x, float, float& s, float& c) { mk::sincos(x, s, c); });
  add_sleef<Float, float>("sincos/float", low, high, [](Float::V x, Float::V, float* s, float* c) {
    auto const r = MUSTER_SLEEF_S(sincos, u10)(x);
    Float::store(s, r.x);
    Float::store(c, r.y);
  });
}

#define MUSTER_COMPARE_TWO(name, low, high)                                                   \
  add_muster<double>(#name "/double", low, high,                                              \
                     [](double x, double y, double& out, double&) { out = mk::name(x, y); }); \
  add_sleef<Double, double>(#name "/double", low, high,                                       \
                            [](Double::V x, Double::V y, double* out, double*) {              \
                              Double::store(out, MUSTER_SLEEF_D(name, u10)(x, y));            \
                            });                                                               \
  add_muster<float>(#name "/float", low, high,                                                \
                    [](float x, float y, float& out, float&) { out = mk::name(x, y); });      \
  add_sleef<Float, float>(#name "/float", low, high,                                          \
                          [](Float::V x, Float::V y, float* out, float*) {                    \
                            Float::store(out, MUSTER_SLEEF_S(name, u10)(x, y));               \
                          })

/// Functions SLEEF has no counterpart of.
#define MUSTER_ALONE(name, low, high)                                                    \
  add_muster<double>(#name "/double", low, high,                                         \
                     [](double x, double, double& out, double&) { out = mk::name(x); }); \
  add_muster<float>(#name "/float", low, high,                                           \
                    [](float x, float, float& out, float&) { out = mk::name(x); })

/// Functions of double alone.
void add_double_only() {
  add_muster<double>("bivariate/double", -3, 3, [](double x, double y, double& out, double&) {
    out = mk::bivariate_norm_cdf(x, 0.3 * y, 0.09 * y);
  });
  add_muster<double>("complex exp", -3, 3, [](double x, double y, double& re, double& im) {
    mk::Complex const z = mk::exp(mk::Complex{x, y});
    re = z.re;
    im = z.im;
  });
  add_muster<double>("complex log", -3, 3, [](double x, double y, double& re, double& im) {
    mk::Complex const z = mk::log(mk::Complex{x, y});
    re = z.re;
    im = z.im;
  });
  add_muster<double>("complex sqrt", -3, 3, [](double x, double y, double& re, double& im) {
    mk::Complex const z = mk::sqrt(mk::Complex{x, y});
    re = z.re;
    im = z.im;
  });
}

/// Prints the usual lines and keeps the times for the table of ratios.
class Report : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(std::vector<Run> const& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (Run const& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      double const ns = run.GetAdjustedCPUTime() / count;
      double& kept = ns_[run.benchmark_name()];
      if (kept == 0 || ns < kept) kept = ns;
    }
  }
  void Finalize() override {
    std::printf("\n%-18s %12s %12s %8s\n", "ns a value", "muster", "SLEEF", "ratio");
    for (auto const& [name, ns] : ns_) {
      auto const slash = name.rfind("/muster");
      if (slash == std::string::npos) continue;
      std::string const pair = name.substr(0, slash);
      auto const sleef = ns_.find(pair + "/sleef");
      if (sleef == ns_.end()) {
        std::printf("%-18s %12.3f\n", pair.c_str(), ns);
      } else {
        std::printf("%-18s %12.3f %12.3f %8.2f\n", pair.c_str(), ns, sleef->second,
                    sleef->second / ns);
      }
    }
  }

 private:
  std::map<std::string, double> ns_;  ///< by name, the best of the repetitions
};

}  // namespace

int main(int argc, char** argv) {
#if defined(__AVX512F__)
  if (!__builtin_cpu_supports("avx512f")) {
    std::fputs("this CPU has no AVX-512; run bench_math_v3\n", stderr);
    return 3;
  }
#endif
  MUSTER_COMPARE(exp, u10, -20, 20);
  MUSTER_COMPARE(expm1, u10, -5, 5);
  MUSTER_COMPARE(log, u10, 0.001, 1000);
  MUSTER_COMPARE(log1p, u10, -0.9, 10);
  add_sincos(-6.3, 6.3);
  MUSTER_COMPARE(erf, u10, -3, 3);
  MUSTER_COMPARE(erfc, u15, -3, 3);
  MUSTER_COMPARE_TWO(pow, 0.001, 10);
  MUSTER_COMPARE_TWO(atan2, -10, 10);
  MUSTER_ALONE(erfcx, -3, 3);
  MUSTER_ALONE(norm_pdf, -5, 5);
  MUSTER_ALONE(norm_cdf, -5, 5);
  MUSTER_ALONE(norm_inv, 0, 1);
  add_double_only();
  benchmark::Initialize(&argc, argv);
  Report report;
  benchmark::RunSpecifiedBenchmarks(&report);
  return 0;
}
