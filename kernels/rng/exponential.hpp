// Exponential variates from normal ones, the same bits on every machine.
#pragma once

#include "kernels/config.hpp"
#include "kernels/math/base.hpp"

MUSTER_KERNELS_BEGIN

/// -ln(Phi(-z)), an exponential variate from a normal; z is clamped to [-0.85, 5.77], absolute error 4e-7.
MUSTER_FN float exponential_of_normal(float z) {
  float const inside = z < -0.85f ? -0.85f : (z > 5.77f ? 5.77f : z);
  float const t = inside - 2.5f;
  return horner(t, 0x1.4539bap2f, 0x1.694facp1f, 0x1.d272p-2f, 0x1.d478e4p-8f, -0x1.298daap-10f, 0x1.5c3882p-13f,
                -0x1.664d6ap-16f, 0x1.3dbceep-19f, -0x1.9aaf9p-24f, -0x1.20bffap-24f, 0x1.2cb186p-26f,
                -0x1.5c2748p-30f);
}

/// The same to z = 7.54, absolute error 8e-12.
MUSTER_FN double exponential_of_normal(double z) {
  double const inside = z < -0.85 ? -0.85 : (z > 7.54 ? 7.54 : z);
  double const t = inside - 3.375;
  return horner(t, 0x1.f9e35984b53bdp2, 0x1.d11cf2aa1fc86p1, 0x1.e14a9aa70c60fp-2, 0x1.13ae0cf466a4fp-8,
                -0x1.3d300265c40a5p-11, 0x1.61abc7e8328cap-14, -0x1.705d54c9f577cp-17, 0x1.567597ea2eb4fp-20,
                -0x1.013ef14be0e56p-23, 0x1.8e8064f786ec9p-28, 0x1.ef369c3ba260dp-31, -0x1.8325c191ce592p-32,
                0x1.6789784a89054p-34, -0x1.08b85a7e6bba4p-36, 0x1.452bfdcc34bcp-40, 0x1.22fa2317d2f8fp-43,
                0x1.cdcfe4d810912p-46, -0x1.109e5a7823b8dp-46, -0x1.a54d41e34dcf9p-50, 0x1.1169d718bc145p-50,
                -0x1.c2339c73adf07p-55, -0x1.e9fb938e5c933p-57, 0x1.7b827cb173d8p-60);
}

MUSTER_KERNELS_END
