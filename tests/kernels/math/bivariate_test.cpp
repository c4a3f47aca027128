// The bivariate normal distribution function against values of an independent method: mpmath's
// quadrature of the density times the conditional distribution at 40 digits, and identities.
#include "kernels/math/bivariate.hpp"

#include "tests/kernels/math/reference.hpp"

namespace {

using namespace muster::test;
namespace mk = muster::kernels;

struct Row {
  double x, y, rho, p;
};

TEST(Bivariate, AgreesWithQuadrature) {
  Row const rows[] = {
      {0x1.f767c482c9b00p-1, 0x1.ef2e045bc8fb8p+0, 0x1.999999999999ap-4, 0x1.a2247b0f02fa4p-1},
      {0x1.2e4738d8608fep+1, 0x1.c511afebb6a18p+1, 0x1.999999999999ap-4, 0x1.fb3dabaca52b8p-1},
      {0x1.eb4ff1a6eb8c8p+0, 0x1.b075f6c3d8588p+1, 0x1.999999999999ap-4, 0x1.f1c12ed92969ep-1},
      {-0x1.e24c74146f792p+1, -0x1.199e84e56b1f0p-2, 0x1.999999999999ap-4, 0x1.7bcb4dc201f95p-15},
      {0x1.c5ff4d9fe0f50p+1, 0x1.3119920d46410p+0, 0x1.999999999999ap-4, 0x1.c42f80f1e64adp-1},
      {0x1.9a85a89413b44p+1, -0x1.8c13bc5069136p+1, 0x1.999999999999ap-4, 0x1.027b95db469cfp-10},
      {-0x1.fac5d10d6c780p-3, -0x1.0382694f43532p+1, 0x1.999999999999ap-4, 0x1.5afc25996c10bp-7},
      {0x1.667d2c686bfa0p-2, 0x1.2edcf47fa8468p-1, 0x1.999999999999ap-4, 0x1.e476b65c4f829p-2},
      {-0x1.f29231a268928p-1, -0x1.065a66ac2e8fcp+0, 0x1.999999999999ap-4, 0x1.00f1e270a0eb4p-5},
      {-0x1.c39ebfd1637d8p-2, -0x1.76cb48097011ap-2, 0x1.999999999999ap-4, 0x1.0d03811b6acb6p-3},
      {0x1.101a5531d914ep+0, -0x1.1fce443b36e37p+0, 0x1.999999999999ap-4, 0x1.dbf6cad490d9cp-4},
      {0x1.30474d09350f2p+0, -0x1.40f14efffe2b9p+0, 0x1.999999999999ap-4, 0x1.892020c2a9b70p-4},
      {0x1.e115e4e3c1808p+0, -0x1.7e428e6f12bb6p+2, 0x1.999999999999ap-4, 0x1.3e8a86b17dc07p-30},
      {-0x1.fe2ebb038a73cp+2, 0x1.7c518680ae19cp+2, 0x1.999999999999ap-4, 0x1.c374bf502264dp-51},
      {-0x1.2984441cfae1cp+1, -0x1.2358e7851a8e4p+1, -0x1.28f5c28f5c28fp-2, 0x1.fcbe0c49f28ecp-18},
      {0x1.edffcc953ac8ap+1, 0x1.7d5876154f5d0p+1, -0x1.28f5c28f5c28fp-2, 0x1.ff3b301a6b1a4p-1},
      {-0x1.af80c5afb48b8p+0, 0x1.d88daf9975348p+1, -0x1.28f5c28f5c28fp-2, 0x1.781584cac848ap-5},
      {0x1.4151938125520p-2, 0x1.6c3262a02fda8p+0, -0x1.28f5c28f5c28fp-2, 0x1.1ed4804b469a2p-1},
      {-0x1.2e4e4768bf14ep+1, 0x1.c38f367bf9ab0p+1, -0x1.28f5c28f5c28fp-2, 0x1.295aa5a244747p-7},
      {0x1.866f483266aa0p+0, 0x1.ddc308fb88474p+1, -0x1.28f5c28f5c28fp-2, 0x1.df61c57ac9a0dp-1},
      {0x1.933104b10d77ap+1, -0x1.9c1490fa7a600p+0, -0x1.28f5c28f5c28fp-2, 0x1.b6709be7585a1p-5},
      {-0x1.1c487395c8ac8p+0, -0x1.560f9d8837f24p+1, -0x1.28f5c28f5c28fp-2, 0x1.39fc122fb9d83p-14},
      {-0x1.6acd1e5e3b692p-1, -0x1.8a763c3bfadcdp-1, -0x1.28f5c28f5c28fp-2, 0x1.ce36b83b53576p-6},
      {-0x1.96d10a2ebeda8p-2, -0x1.87cd6bcd930ccp-2, -0x1.28f5c28f5c28fp-2, 0x1.50951908d4386p-4},
      {-0x1.fc8922b3b6f64p+0, 0x1.0181ac029a7bep+1, -0x1.28f5c28f5c28fp-2, 0x1.6091ba24f4371p-6},
      {-0x1.4bfcbaef19274p-1, 0x1.3e26a49038617p-1, -0x1.28f5c28f5c28fp-2, 0x1.40688bbc366d4p-3},
      {0x1.46299a272d1d0p+2, -0x1.3b788a6dbb740p-2, -0x1.28f5c28f5c28fp-2, 0x1.841ba54cd06ebp-2},
      {-0x1.794176d0b2b38p+1, -0x1.33b7cc383dd20p-2, -0x1.28f5c28f5c28fp-2, 0x1.4b3ef5cce0294p-13},
      {0x1.a329922d16348p+0, -0x1.c5a18c5f356f2p+1, 0x1.3333333333333p-2, 0x1.9c7eacf5cfc8dp-13},
      {0x1.e6807ff83189ep+1, -0x1.e895ee067ff1ap+1, 0x1.3333333333333p-2, 0x1.1b3493cef8379p-14},
      {0x1.ff94885b8e8f8p+0, 0x1.612874b3bfe88p+1, 0x1.3333333333333p-2, 0x1.f303cfac3daafp-1},
      {-0x1.ed7fb439b8352p+1, 0x1.26a4deb59c218p+1, 0x1.3333333333333p-2, 0x1.e4709417d1213p-15},
      {-0x1.120ddf9fa6844p+0, 0x1.419cf5aeb63c0p-1, 0x1.3333333333333p-2, 0x1.fd05f2e22fd92p-4},
      {-0x1.f6b427c609ebap+1, -0x1.d026c425682d8p+1, 0x1.3333333333333p-2, 0x1.2862981bd9e25p-22},
      {-0x1.46bd0ab02a2c0p+1, 0x1.d21aadfa29992p+1, 0x1.3333333333333p-2, 0x1.5e51623385642p-8},
      {-0x1.36c305f0c3ef4p+1, 0x1.05dfc41f7fc58p+1, 0x1.3333333333333p-2, 0x1.f10f7b18489fap-8},
      {0x1.b7f79068e526ep-1, 0x1.d7b2b10fd5327p-1, 0x1.3333333333333p-2, 0x1.5effd68e9efa4p-1},
      {-0x1.3eb4bf7ccd0fcp-2, -0x1.538d793f64593p-2, 0x1.3333333333333p-2, 0x1.79197476daac9p-3},
      {0x1.94b6f201d4b00p-4, -0x1.ece4e581b9853p-5, 0x1.3333333333333p-2, 0x1.382b58ad02475p-2},
      {-0x1.915a96b482a26p+0, 0x1.9a44e816dffa2p+0, 0x1.3333333333333p-2, 0x1.d9b7dd63cd427p-5},
      {0x1.305c30af03984p+2, 0x1.7053b525dedd8p+2, 0x1.3333333333333p-2, 0x1.ffffdeaa0af8ep-1},
      {-0x1.da7d404894386p+2, 0x1.c87fd7fd3a4b4p+2, 0x1.3333333333333p-2, 0x1.142b0b38955d7p-44},
      {-0x1.a2a1bee5506aap+1, -0x1.4629d37cb3e4cp+0, 0x1.0000000000000p-1, 0x1.918c89f3ee26bp-12},
      {0x1.c5f318b9aa0c0p-1, 0x1.ac1f0c12f8130p+1, 0x1.0000000000000p-1, 0x1.9fe578034ea61p-1},
      {-0x1.47c34cb96d460p+0, 0x1.b260dc59ef046p+1, 0x1.0000000000000p-1, 0x1.9a7ba678d386ap-4},
      {0x1.71d1e85e48790p-2, -0x1.801a0550648b4p+0, 0x1.0000000000000p-1, 0x1.fe888d4516fffp-5},
      {-0x1.773191b19ec60p+0, -0x1.4a434419c1c94p+1, 0x1.0000000000000p-1, 0x1.3e1453533876fp-9},
      {-0x1.afed53afc4d42p+1, -0x1.678f22a3b1d8ep+1, 0x1.0000000000000p-1, 0x1.8defd8f6482f1p-15},
      {0x1.836df74f2e84cp+0, 0x1.fca5f43decf44p+1, 0x1.0000000000000p-1, 0x1.deab6e91b2abbp-1},
      {-0x1.5a980523d2d1ap+1, -0x1.ce485775a3294p+1, 0x1.0000000000000p-1, 0x1.db3e34f82bb92p-16},
      {0x1.f261404ce212cp-1, 0x1.f4199fd1c4ea9p-1, 0x1.0000000000000p-1, 0x1.7911b5aee3807p-1},
      {-0x1.817b8fefb4708p-3, -0x1.b7623b2ddc522p-3, 0x1.0000000000000p-1, 0x1.07597f4f36ae3p-2},
      {0x1.80dc6eb00add8p-2, -0x1.5f61af1c65ee1p-2, 0x1.0000000000000p-1, 0x1.3961a39aeed5bp-2},
      {-0x1.6b310565690e0p-3, 0x1.5b22a51946203p-3, 0x1.0000000000000p-1, 0x1.4b64e2e7954abp-2},
      {-0x1.c6f4af02ae784p+2, 0x1.aa0e1551b49cep+2, 0x1.0000000000000p-1, 0x1.49c2a039de341p-41},
      {-0x1.de7e5419630f6p+2, -0x1.a5c6d54e5aa80p-4, 0x1.0000000000000p-1, 0x1.57d9ec596d39bp-45},
      {0x1.5a8d349a80f04p+1, -0x1.7a4b610264bf0p+1, -0x1.6666666666666p-1, 0x1.28a57d0fd5735p-10},
      {0x1.da72e090656c8p+0, 0x1.cc97fe90fed60p+1, -0x1.6666666666666p-1, 0x1.ef9362141cd9cp-1},
      {0x1.0b0ec8e580c34p+0, 0x1.26ebf9b4f8220p+1, -0x1.6666666666666p-1, 0x1.ae9295f24e0d8p-1},
      {-0x1.92cf6cea64140p+1, -0x1.0c0fdb4106748p-1, -0x1.6666666666666p-1, 0x1.bac6500d3ed2cp-26},
      {-0x1.672c3a787a346p+1, 0x1.6101ec35d7b8ep+1, -0x1.6666666666666p-1, 0x1.02805667dc654p-9},
      {-0x1.a4391edbda28cp+0, -0x1.7fc1444fde5c0p-2, -0x1.6666666666666p-1, 0x1.8f897211f003fp-12},
      {0x1.ff487c4f69550p+1, 0x1.68b4ec95ab4aap+1, -0x1.6666666666666p-1, 0x1.febf135a253b9p-1},
      {0x1.e76e8742d743ap+1, -0x1.7c99b428d3550p-2, -0x1.6666666666666p-1, 0x1.6b83f239be23bp-2},
      {-0x1.840184fa83ec0p-6, -0x1.434855ad3ed74p-7, -0x1.6666666666666p-1, 0x1.eb88fe8925c4ap-4},
      {-0x1.575e55cec6760p-5, -0x1.be6d6d4540d1cp-5, -0x1.6666666666666p-1, 0x1.bb5eaee1de6ccp-4},
      {-0x1.8a141c323f588p-2, 0x1.74499a4c61ca1p-2, -0x1.6666666666666p-1, 0x1.d183b349877b9p-4},
      {-0x1.f7ce105b1b9b8p-2, 0x1.0af4ac015b338p-1, -0x1.6666666666666p-1, 0x1.da3502f838d7bp-4},
      {0x1.d6d9f996f674ap+2, 0x1.040635efe8b38p+1, -0x1.6666666666666p-1, 0x1.f531b28b1136cp-1},
      {-0x1.633b21d7ee000p-7, -0x1.4acba5d1e3a30p+1, -0x1.6666666666666p-1, 0x1.c1fdcacfe60fep-17},
      {-0x1.a4b929410aaa6p+1, -0x1.d24f107c1d3d0p+0, 0x1.8000000000000p-1, 0x1.d8de5571ea81bp-12},
      {0x1.20c994c628286p+1, 0x1.78343f405c8d8p+1, 0x1.8000000000000p-1, 0x1.f97efe8b0b001p-1},
      {-0x1.1c00fdefd81a4p+0, 0x1.24e31a65c7888p+1, 0x1.8000000000000p-1, 0x1.11ad169e1b84dp-3},
      {0x1.197ee2ad8789cp+1, 0x1.8e88bd96655f0p+0, 0x1.8000000000000p-1, 0x1.df33ee40f93b8p-1},
      {0x1.4fe8e708c9194p+0, 0x1.09debca72125cp+1, 0x1.8000000000000p-1, 0x1.cd40800634a91p-1},
      {-0x1.17b11670d0c6cp+0, 0x1.a2c0f1ab16340p+0, 0x1.8000000000000p-1, 0x1.192cf83ca13bfp-3},
      {-0x1.c0d0a32a2e344p+0, -0x1.d5110bc323cc0p-4, 0x1.8000000000000p-1, 0x1.40b35c97a571ap-5},
      {0x1.1438ae7d8ffc8p+1, 0x1.86eda4b74acfcp+0, 0x1.8000000000000p-1, 0x1.dd1e523ce851ap-1},
      {-0x1.a630e60b098ecp-2, -0x1.8f49a87f1fc8ep-2, 0x1.8000000000000p-1, 0x1.e835bed8a5f7dp-3},
      {0x1.3291cc2dbbf74p-2, 0x1.36b7439c7993ap-2, 0x1.8000000000000p-1, 0x1.047bca3760b8ap-1},
      {-0x1.f42433434a030p+0, 0x1.f4becbc16560cp+0, 0x1.8000000000000p-1, 0x1.9fa83278e2f00p-6},
      {-0x1.fe950aac917ecp-1, 0x1.017f35cbabc7dp+0, 0x1.8000000000000p-1, 0x1.45e22c93add89p-3},
      {-0x1.2f9a92d83ddd0p-1, 0x1.4447acc00b70ap+2, 0x1.8000000000000p-1, 0x1.1b3ca64db384cp-2},
      {0x1.2df36bac738c8p+1, 0x1.30c4db2da41b4p+2, 0x1.8000000000000p-1, 0x1.fb4f11ee852dep-1},
      {-0x1.378853b9e3494p+0, 0x1.270a8a58780d0p+0, 0x1.ccccccccccccdp-1, 0x1.ca002dd30058ep-4},
      {0x1.e71206f000fe8p+0, 0x1.5010b0b448b68p+1, 0x1.ccccccccccccdp-1, 0x1.f13d51ac70b91p-1},
      {-0x1.331b8713e1f84p+0, 0x1.5f1bd39613988p+1, 0x1.ccccccccccccdp-1, 0x1.d79cdc2379324p-4},
      {0x1.7aca03eef8ebcp+1, 0x1.81b6ce73250c4p+0, 0x1.ccccccccccccdp-1, 0x1.de3c452bd7430p-1},
      {0x1.e78c932ea08d8p+1, 0x1.d3790e2acba0ep+1, 0x1.ccccccccccccdp-1, 0x1.ffea372b7cdcfp-1},
      {0x1.29324922868e0p-3, 0x1.e0b537d775a00p-3, 0x1.ccccccccccccdp-1, 0x1.01bd3189ce2a5p-1},
      {-0x1.55d6d86692884p+1, 0x1.58b2fcae56f6ap+1, 0x1.ccccccccccccdp-1, 0x1.f02ed89926e55p-9},
      {0x1.bfe0fc6d4b1d2p+1, -0x1.74ead5bcb4d80p-3, 0x1.ccccccccccccdp-1, 0x1.b605d4fc84cd5p-2},
      {0x1.880a23142ea4cp-2, 0x1.8c9571db85eeap-2, 0x1.ccccccccccccdp-1, 0x1.2aaaf0b6c85c2p-1},
      {0x1.d7c3896aa87c0p-2, 0x1.d0f9c21378daep-2, 0x1.ccccccccccccdp-1, 0x1.3938b47651a66p-1},
      {0x1.1f19bd77d636ep+0, -0x1.1eaeb703d7966p+0, 0x1.ccccccccccccdp-1, 0x1.0d15349402590p-3},
      {0x1.530f24efb9f2cp-1, -0x1.53e0dc0f83a77p-1, 0x1.ccccccccccccdp-1, 0x1.0366f1f24fde5p-2},
      {0x1.fad3bf1b3e0e0p+0, 0x1.194c336efe0e0p+2, 0x1.ccccccccccccdp-1, 0x1.f3c82e36dc225p-1},
      {0x1.184d8d454cfe0p+1, 0x1.c368a9fefaf54p+1, 0x1.ccccccccccccdp-1, 0x1.f8b1de7d0460bp-1},
      {-0x1.e3b70de6f69dep+1, -0x1.5c22e9b4ef43ep+1, -0x1.d70a3d70a3d71p-1, 0x1.4b471b56260d1p-203},
      {-0x1.e2c47d80f3520p-2, 0x1.3370932e45280p+0, -0x1.d70a3d70a3d71p-1, 0x1.a46f35544308fp-3},
      {-0x1.1fb4759ed92e8p+1, 0x1.7cd7252e376b8p+0, -0x1.d70a3d70a3d71p-1, 0x1.368c5b4c1b148p-12},
      {0x1.0c0308b7ed25cp+0, -0x1.d5223481bb676p+1, -0x1.d70a3d70a3d71p-1, 0x1.62ecd83b8bb02p-45},
      {-0x1.d18b0829739e0p-3, -0x1.1853dc6ac8da2p+1, -0x1.d70a3d70a3d71p-1, 0x1.9c20465726ae1p-37},
      {-0x1.c88ebc0dd92ccp+1, -0x1.7744ba71d05c6p+1, -0x1.d70a3d70a3d71p-1, 0x1.6eba2bcf947e2p-203},
      {-0x1.7610c308326e0p+0, -0x1.46187cc23822ep+1, -0x1.d70a3d70a3d71p-1, 0x1.9cb45029eea63p-84},
      {-0x1.39ffcf39d0a04p+1, -0x1.db7c964ad13b4p+1, -0x1.d70a3d70a3d71p-1, 0x1.42b8b287e0b05p-184},
      {-0x1.1c03ea9879490p-4, -0x1.23f5458662220p-4, -0x1.d70a3d70a3d71p-1, 0x1.46b24ef76c3fcp-5},
      {0x1.c9e87424da2a8p-3, 0x1.cce6430e32eefp-3, -0x1.d70a3d70a3d71p-1, 0x1.81464b7ba16cbp-3},
      {-0x1.0c71fda41813cp+0, 0x1.0e1e0aed580c6p+0, -0x1.d70a3d70a3d71p-1, 0x1.31db383b648a3p-5},
      {-0x1.ff52d2d322260p+0, 0x1.feee5cd078c59p+0, -0x1.d70a3d70a3d71p-1, 0x1.152bae1f6ae2dp-7},
      {-0x1.c5931324e6b48p+1, -0x1.70777844670e8p+0, -0x1.d70a3d70a3d71p-1, 0x1.f8c3ad3418a2fp-125},
      {-0x1.8a29ed27d396ap+2, 0x1.5352ac460c0f4p+2, -0x1.d70a3d70a3d71p-1, 0x1.6290ae6e0735fp-35},
      {-0x1.024b62091f010p+0, -0x1.db1288b99bcc4p+1, 0x1.d999780baa583p-1, 0x1.b014a890f649fp-14},
      {0x1.d128949a4ecc8p-1, -0x1.9ee711da3438cp+1, 0x1.d999780baa583p-1, 0x1.37c69952041d1p-11},
      {0x1.7273060cf3840p-2, -0x1.48f6a50c84854p+0, 0x1.d999780baa583p-1, 0x1.971d99acc9013p-4},
      {0x1.4b59da961d3c8p-1, 0x1.d54cba2d01d30p+1, 0x1.d999780baa583p-1, 0x1.7b83adda26895p-1},
      {0x1.462aa190884e8p+1, -0x1.4b5bc72e77bb0p-1, 0x1.d999780baa583p-1, 0x1.08f76585fd7a4p-2},
      {0x1.408069482e88ep+1, 0x1.236c5e89d3a48p+0, 0x1.d999780baa583p-1, 0x1.beba6a6473910p-1},
      {-0x1.0b619d8853bccp+0, -0x1.6e7a106beec84p+1, 0x1.d999780baa583p-1, 0x1.12ef4011f536ap-9},
      {0x1.88f5e8c3f7548p-1, 0x1.059128f43d720p-1, 0x1.d999780baa583p-1, 0x1.5a1c2e329fe76p-1},
      {0x1.d42f89997dfd2p-1, 0x1.d7d3eff9e580ap-1, 0x1.d999780baa583p-1, 0x1.8f757ed7f280ep-1},
      {0x1.bcddba2e816d0p-3, 0x1.b83b3ab1f6da0p-3, 0x1.d999780baa583p-1, 0x1.0cc71541d7552p-1},
      {0x1.92e90354b13a0p+0, -0x1.94da263a1fb20p+0, 0x1.d999780baa583p-1, 0x1.d2050a77c94dep-5},
      {-0x1.917ddad644402p+0, 0x1.91bf6a0591529p+0, 0x1.d999780baa583p-1, 0x1.de6ed6507549dp-5},
      {0x1.d7ba71142f548p+0, -0x1.6fec365657fd2p+2, 0x1.d999780baa583p-1, 0x1.34d613dd603dfp-28},
      {0x1.092061e062488p+1, 0x1.90ac2bc83accep+2, 0x1.d999780baa583p-1, 0x1.f62ff58c66e90p-1},
      {-0x1.fc867d243fc80p-1, -0x1.17d2bc0bf08b0p-1, 0x1.d99999999999ap-1, 0x1.39b693b9a4671p-3},
      {-0x1.183b6940d7ef4p+1, -0x1.ab04e3853a968p+0, 0x1.d99999999999ap-1, 0x1.b4cf6f7b6f1e0p-7},
      {0x1.e3cb255aa986cp+1, -0x1.ec6b3f3b72918p-1, 0x1.d99999999999ap-1, 0x1.583d8e8e3f1a5p-3},
      {0x1.d834d8ed6f7a6p+1, 0x1.a7ad5d145b024p+1, 0x1.d99999999999ap-1, 0x1.ffbf7e1de342dp-1},
      {0x1.88700b301a478p-1, -0x1.ebe10d424c1b4p+0, 0x1.d99999999999ap-1, 0x1.bff2436df3e56p-6},
      {0x1.ec862b2680b3ep+1, -0x1.e43eafee7f500p-6, 0x1.d99999999999ap-1, 0x1.f3ed7a581f94bp-2},
      {-0x1.5a255bf5eda48p-1, -0x1.7260260e08f14p+0, 0x1.d99999999999ap-1, 0x1.2be2381baa96ep-4},
      {0x1.efe62ea75bc7ep+1, -0x1.0e2e712095e80p-4, 0x1.d99999999999ap-1, 0x1.e512a50b21486p-2},
      {-0x1.b574c7db51410p-2, -0x1.b5d0aeb4905e8p-2, 0x1.d99999999999ap-1, 0x1.1cac0998b954ep-2},
      {-0x1.8330502b83312p-1, -0x1.823de0a99adf7p-1, 0x1.d99999999999ap-1, 0x1.6db3cfa3e1edep-3},
      {-0x1.cf1cf7049b920p-3, 0x1.c8ac2ab134714p-3, 0x1.d99999999999ap-1, 0x1.9aa4b380ec37cp-2},
      {0x1.20779d9176df8p+0, -0x1.1f3211be751e1p+0, 0x1.d99999999999ap-1, 0x1.0c35862b3bf39p-3},
      {-0x1.f27ad5c285a44p+2, 0x1.0ac5063dc3510p-1, 0x1.d99999999999ap-1, 0x1.e7a9b7605fd7fp-49},
      {-0x1.cf486fc1abd64p+1, 0x1.bdb2ff3cb5244p+2, 0x1.d99999999999ap-1, 0x1.35a20ec213653p-13},
      {0x1.20ac4a84b4a5ep+1, -0x1.0471a84143c98p+1, -0x1.dc28f5c28f5c3p-1, 0x1.7444869c2383ap-7},
      {-0x1.dbc62027f5410p+0, -0x1.61851ca3a7522p+1, -0x1.dc28f5c28f5c3p-1, 0x1.7157375a9907cp-122},
      {0x1.f48e982492c16p+1, -0x1.a78cea81fafd4p+0, -0x1.dc28f5c28f5c3p-1, 0x1.91246b814f472p-5},
      {0x1.ba859ffc26c50p-1, -0x1.9fa383daaff80p-3, -0x1.dc28f5c28f5c3p-1, 0x1.d2bd5604b6349p-3},
      {0x1.28b513dd0d214p+0, 0x1.a96285c2e5d70p-1, -0x1.dc28f5c28f5c3p-1, 0x1.58f467e3b2673p-1},
      {0x1.f2a218e51ee6cp+0, -0x1.86fc15fdee0d2p+1, -0x1.dc28f5c28f5c3p-1, 0x1.661bdb7097f6cp-19},
      {0x1.0aa5f39021d3ep+1, -0x1.982ff7b7b8140p+0, -0x1.dc28f5c28f5c3p-1, 0x1.37470fa0a2e1ap-5},
      {0x1.126a3ad5051b0p-2, -0x1.4f9f7462ecfa4p+0, -0x1.dc28f5c28f5c3p-1, 0x1.6daf6ab13e2dcp-14},
      {-0x1.a01bb344cb190p-2, -0x1.9fac85269004dp-2, -0x1.dc28f5c28f5c3p-1, 0x1.a54313aeb9e9ep-11},
      {-0x1.24274699d7460p-4, -0x1.2c3c5e629b17ep-4, -0x1.dc28f5c28f5c3p-1, 0x1.21eefe36b0067p-5},
      {0x1.f5cb91d0090a8p-1, -0x1.f5228fd508f07p-1, -0x1.dc28f5c28f5c3p-1, 0x1.2f55cee8ec06ap-5},
      {-0x1.dab260ffa310cp+0, 0x1.d9cbfb1dc6bfap+0, -0x1.dc28f5c28f5c3p-1, 0x1.55b0da26ab967p-7},
      {-0x1.6b9cc541cf3e0p-1, 0x1.aa922b8dc5db8p+2, -0x1.dc28f5c28f5c3p-1, 0x1.e90df14ce94f2p-3},
      {0x1.8d404b57fd664p+2, 0x1.757df4c3c4820p-1, -0x1.dc28f5c28f5c3p-1, 0x1.88c737b4296e4p-1},
      {-0x1.f1170c49008e6p+1, 0x1.1d1058675d2d8p+1, 0x1.e666666666666p-1, 0x1.afd508359d22bp-15},
      {-0x1.2802facf6a4e8p-1, 0x1.35d42960c6e10p-1, 0x1.e666666666666p-1, 0x1.20565aa4dbf51p-2},
      {0x1.aa5ae9f4095c4p+0, 0x1.0ed167a61bfacp+0, 0x1.e666666666666p-1, 0x1.b57794acfdc9cp-1},
      {-0x1.28e4b92165a20p-3, 0x1.a598b2ebac746p+1, 0x1.e666666666666p-1, 0x1.c4fc2fabb5b66p-2},
      {-0x1.d51a1b0c6e770p-1, -0x1.baeb0aa2a5e10p-1, 0x1.e666666666666p-1, 0x1.37f296e94fd03p-3},
      {0x1.6858d65c1c298p+1, -0x1.36d10d0cf0f00p+1, 0x1.e666666666666p-1, 0x1.f1254d7bb826fp-8},
      {-0x1.a0df8e88f0364p+0, 0x1.51f1b0e10c972p+1, 0x1.e666666666666p-1, 0x1.a7ae50620e500p-5},
      {-0x1.bc5c445921fe2p+1, 0x1.58596d0069b96p+1, 0x1.e666666666666p-1, 0x1.0f489fda55705p-12},
      {0x1.8e95b5c76c650p-2, 0x1.8de2147045e4dp-2, 0x1.e666666666666p-1, 0x1.3580575944ef8p-1},
      {-0x1.b588525a02d04p-2, -0x1.b299b05240735p-2, 0x1.e666666666666p-1, 0x1.27eb4e70b2c91p-2},
      {0x1.a4882627cd3b2p+0, -0x1.a57700c1767f6p+0, 0x1.e666666666666p-1, 0x1.9856f93b5a18dp-5},
      {-0x1.61b0127029ce0p-4, 0x1.63bd2b8599163p-4, 0x1.e666666666666p-1, 0x1.c4e8c911d1f2cp-2},
      {-0x1.2fd5c1bba6100p-5, -0x1.5aa68e7649408p+1, 0x1.e666666666666p-1, 0x1.bb55e45cf6d1cp-9},
      {-0x1.62c99f498739cp+2, 0x1.5fa6991533320p+0, 0x1.e666666666666p-1, 0x1.fd319726d1506p-27},
      {0x1.3f4e8a0637052p+1, -0x1.b9f049a2390a6p+1, 0x1.f0a3d70a3d70ap-1, 0x1.230aadbc90f97p-12},
      {-0x1.1475d4ddcc3b8p+1, 0x1.4743948ae7b56p+1, 0x1.f0a3d70a3d70ap-1, 0x1.f85ff6f35fbfdp-7},
      {0x1.2ac0a5080daeep+1, 0x1.4f0e40f131cd0p+0, 0x1.f0a3d70a3d70ap-1, 0x1.cf34f14c2fdffp-1},
      {-0x1.e5d558555e90cp+1, 0x1.c7e1c46de8f9cp+0, 0x1.f0a3d70a3d70ap-1, 0x1.34ea8615a6416p-14},
      {0x1.ea2ca908cb500p+1, 0x1.fe4b64b3df814p+1, 0x1.f0a3d70a3d70ap-1, 0x1.fff6aabac3f1dp-1},
      {0x1.9c27fd7c97c9cp+0, -0x1.cdef0370353f6p+1, 0x1.f0a3d70a3d70ap-1, 0x1.427d32ef1da31p-13},
      {0x1.5e45ab0fa960ap+1, -0x1.1f819e31563eep+1, 0x1.f0a3d70a3d70ap-1, 0x1.9499ac7a266e2p-7},
      {0x1.2a7861d308900p+0, 0x1.cf19510e3a5b4p+1, 0x1.f0a3d70a3d70ap-1, 0x1.c19fd14bf2362p-1},
      {0x1.b31581e514a94p-2, 0x1.b0c3aae0a5ae2p-2, 0x1.f0a3d70a3d70ap-1, 0x1.41bfa12978600p-1},
      {-0x1.a8f97a4b5266cp-2, -0x1.a6521bddf831ap-2, 0x1.f0a3d70a3d70ap-1, 0x1.36f6f9fe22e33p-2},
      {-0x1.66ad2d6890a4ap+0, 0x1.66da1f1f780eap+0, 0x1.f0a3d70a3d70ap-1, 0x1.4a1e10d772b10p-4},
      {-0x1.6084626558fe8p-2, 0x1.5e5db3d5a8303p-2, 0x1.f0a3d70a3d70ap-1, 0x1.7604dfd5b60bcp-2},
      {0x1.f55efe6d20878p+0, -0x1.d3644038e5038p+2, 0x1.f0a3d70a3d70ap-1, 0x1.3cdddb2d7384bp-43},
      {-0x1.9130292b7e2eep+2, -0x1.eeccf8824a688p+0, 0x1.f0a3d70a3d70ap-1, 0x1.90a7235a2ed35p-33},
      {-0x1.b644995c2d34cp+1, -0x1.c50eaa36e6162p+1, -0x1.fae147ae147aep-1, 0x0.0p+0},
      {0x1.343f543c98e78p-1, 0x1.f04eb56606184p+0, -0x1.fae147ae147aep-1, 0x1.667b45f20b8cap-1},
      {0x1.838a434fd60ccp+1, -0x1.7671717eb956ep+1, -0x1.fae147ae147aep-1, 0x1.2fc50d971c9aap-11},
      {-0x1.17e0abd12f118p-1, -0x1.7bc2ec50849dcp+0, -0x1.fae147ae147aep-1, 0x1.037085f6cba9ep-162},
      {0x1.9a7dccfa985f8p-1, -0x1.55734a5876380p-4, -0x1.fae147ae147aep-1, 0x1.058f92ff214e7p-2},
      {0x1.c1101bd3fce0cp+1, -0x1.01a45f15d0018p+0, -0x1.fae147ae147aep-1, 0x1.414bb1ec3cd58p-3},
      {-0x1.c6e926ee4e66ep+1, 0x1.9410124b730c4p+0, -0x1.fae147ae147aep-1, 0x1.46c60e3feaec6p-159},
      {-0x1.6543a0b736894p+1, 0x1.0cff18ad8df1cp+0, -0x1.fae147ae147aep-1, 0x1.4477d73da8f87p-125},
      {0x1.7effc9499e280p-7, 0x1.9c961bd11503ap-7, -0x1.fae147ae147aep-1, 0x1.c5d4d35ed7acap-6},
      {0x1.c1aa7e3314b20p-4, 0x1.c2c157913ae8cp-4, -0x1.fae147ae147aep-1, 0x1.6c7afff04f1ffp-4},
      {-0x1.e4dee6efd308cp-1, 0x1.e4edcd9830b97p-1, -0x1.fae147ae147aep-1, 0x1.d78295f1cdce2p-7},
      {-0x1.f76b192ada350p-1, 0x1.f7b35ad172253p-1, -0x1.fae147ae147aep-1, 0x1.c8f3698e48e5cp-7},
      {0x1.167527cd02ca0p-2, -0x1.7702271892830p+2, -0x1.fae147ae147aep-1, 0x0.0p+0},
      {-0x1.0ff41f1178bf0p+2, -0x1.07c0e38bf206cp+1, -0x1.fae147ae147aep-1, 0x0.0p+0},
      {0x1.e4deb3638f300p+0, -0x1.48603c6f3566ep+1, 0x1.ff7ced916872bp-1, 0x1.51a9386233362p-8},
      {0x1.b4d4b204c8f38p+0, 0x1.3d77d85773604p+0, 0x1.ff7ced916872bp-1, 0x1.c8fa0990bdaffp-1},
      {-0x1.a8b5f736a08bcp+1, 0x1.57f7db0933c54p+0, 0x1.ff7ced916872bp-1, 0x1.db40a83203c72p-12},
      {-0x1.a2a229917c9aap+1, -0x1.80369fbf2c16ap+1, 0x1.ff7ced916872bp-1, 0x1.195ba12e32933p-11},
      {0x1.80eb26e831528p-1, -0x1.0bb0594e19538p+1, 0x1.ff7ced916872bp-1, 0x1.2b00e85e2049ap-6},
      {0x1.81f90f3b37a42p+1, -0x1.4003704b29160p-3, 0x1.ff7ced916872bp-1, 0x1.c06ce4ea1e9e8p-2},
      {-0x1.69e8e7e4760a8p+0, 0x1.2f942643ee0fap+1, 0x1.ff7ced916872bp-1, 0x1.4273975f9fb32p-4},
      {-0x1.e1d4fb3a9c70ap+1, 0x1.ccd04a62766b8p+0, 0x1.ff7ced916872bp-1, 0x1.5e3dd0408e07bp-14},
      {-0x1.c90d90936cc44p-1, -0x1.c91fdf71d6ce7p-1, 0x1.ff7ced916872bp-1, 0x1.7321cbb01252bp-3},
      {0x1.cee3f536f4710p-1, 0x1.ceed7410f58d3p-1, 0x1.ff7ced916872bp-1, 0x1.9fe6538d280c8p-1},
      {-0x1.1b8ed0200cdc4p+0, 0x1.1b84bfaab027ep+0, 0x1.ff7ced916872bp-1, 0x1.12723cd059d40p-3},
      {0x1.e40acdf4a9064p+0, -0x1.e4067a3d032a2p+0, 0x1.ff7ced916872bp-1, 0x1.e08d7de18267ep-6},
      {0x1.484a5d9b12760p+2, -0x1.70e162a635972p+2, 0x1.ff7ced916872bp-1, 0x1.1aa6848057fabp-28},
      {0x1.ff2ba2c071f20p+0, -0x1.2a65ac2a07e28p+1, 0x1.ff7ced916872bp-1, 0x1.43713a4783fccp-7},
      {-0x1.0f57385ae7c3cp+1, -0x1.55791e11c8218p+0, -0x1.fff2e48e8a71ep-1, 0x0.0p+0},
      {0x1.d1f33f6920600p-1, -0x1.35eb973436a00p+0, -0x1.fff2e48e8a71ep-1, 0x1.a8f0bf8b90be7p-345},
      {-0x1.d3f9f53e64948p-1, -0x1.744ce6237dd42p+1, -0x1.fff2e48e8a71ep-1, 0x0.0p+0},
      {0x1.530c03addd2dap+1, 0x1.2ee0cb4bc0edcp+0, -0x1.fff2e48e8a71ep-1, 0x1.c152260aadfd5p-1},
      {0x1.37cfaed0cfc66p+1, -0x1.10d0ee13d7640p-1, -0x1.fff2e48e8a71ep-1, 0x1.2898f3997e138p-2},
      {0x1.6803932e5d2c8p+1, 0x1.1e93784a722c0p-3, -0x1.fff2e48e8a71ep-1, 0x1.1b3b163044612p-1},
      {0x1.7b663ffc73d30p-1, 0x1.2c110e6e04dd0p-1, -0x1.fff2e48e8a71ep-1, 0x1.f78b61a7b0ccap-2},
      {0x1.ebd9052e37974p+0, -0x1.abfdcfdf99930p-1, -0x1.fff2e48e8a71ep-1, 0x1.64ddfce055bc2p-3},
      {-0x1.9cac5bfb403c2p-1, -0x1.9cb9d224335b7p-1, -0x1.fff2e48e8a71ep-1, 0x0.0p+0},
      {-0x1.30bc1566f6a20p-1, -0x1.30c95d25d6cd4p-1, -0x1.fff2e48e8a71ep-1, 0x0.0p+0},
      {0x1.8e998177f3794p+0, -0x1.8e99c7a068931p+0, -0x1.fff2e48e8a71ep-1, 0x1.5efe3113d7427p-11},
      {0x1.0a98802c9c398p+0, -0x1.0a9fb40b9b898p+0, -0x1.fff2e48e8a71ep-1, 0x1.53b7af7ef8ecdp-10},
      {-0x1.e8769d987b0a0p-2, 0x1.8f21abf7a129cp+2, -0x1.fff2e48e8a71ep-1, 0x1.4446a43cf8c13p-2},
      {0x1.e95487d7eade8p+0, -0x1.24454f5a7ddd8p+0, -0x1.fff2e48e8a71ep-1, 0x1.94c3999f6ee27p-4},
      {-0x1.1a059e2704380p-2, -0x1.99db8ae77996ap+1, 0x1.ffffde7210be9p-1, 0x1.65c037cbd7534p-11},
      {-0x1.619d552c5ea46p+1, -0x1.5d245976e33b4p+1, 0x1.ffffde7210be9p-1, 0x1.77c97a4602ac9p-9},
      {-0x1.00bfd72184d00p+0, -0x1.d458d2431d618p-1, 0x1.ffffde7210be9p-1, 0x1.437a3b36b723cp-3},
      {0x1.8578973c1dd24p+1, -0x1.643c3fb955ff6p+1, 0x1.ffffde7210be9p-1, 0x1.60df6541a4618p-9},
      {-0x1.f7abaae3c7850p+0, -0x1.c7d1e92e7ba40p+0, 0x1.ffffde7210be9p-1, 0x1.9278bbb7b4ee8p-6},
      {-0x1.5a95eb9ff3f22p+1, -0x1.b41d9353f8b98p+0, 0x1.ffffde7210be9p-1, 0x1.bc03a3933ef19p-9},
      {-0x1.0f302c7bc1a40p+1, -0x1.2652c8d442240p-3, 0x1.ffffde7210be9p-1, 0x1.178196d4d0547p-6},
      {-0x1.df225ad3ee074p+1, 0x1.b2b553e0417aap+1, 0x1.ffffde7210be9p-1, 0x1.7cfaedb761712p-14},
      {-0x1.0c5a7daf165f4p-2, -0x1.0c4381d8e6b8ap-2, 0x1.ffffde7210be9p-1, 0x1.95f313176fceap-2},
      {0x1.8070540590ea4p-2, 0x1.8079733e40d3ep-2, 0x1.ffffde7210be9p-1, 0x1.4ad0fe17d0446p-1},
      {-0x1.cf25a935a9700p-4, 0x1.cf8329965c326p-4, 0x1.ffffde7210be9p-1, 0x1.d1e7efbface8dp-2},
      {-0x1.8741bd1b79a64p+0, 0x1.8743f348e8523p+0, 0x1.ffffde7210be9p-1, 0x1.02ebde4052c41p-4},
      {-0x1.abd3698bcea14p+1, 0x1.654e1f3d6d4c0p+1, 0x1.ffffde7210be9p-1, 0x1.b379e40696bf5p-12},
      {0x1.d59a30fe5c72cp+1, -0x1.58da997bb5382p+2, 0x1.ffffde7210be9p-1, 0x1.316adca29d5d3p-25},
      {-0x1.32272ca48134ap+1, -0x1.e678aa366f92ap+1, 0x1.fffffff768fa1p-1, 0x1.2ec492fcb4a07p-14},
      {-0x1.13ff062bf8d0ep+1, -0x1.afeb77b0f3170p+1, 0x1.fffffff768fa1p-1, 0x1.83e38f816bc27p-12},
      {-0x1.9536d22d39318p-1, 0x1.e4f5dcda758d6p+1, 0x1.fffffff768fa1p-1, 0x1.b6fabbd58a2c6p-3},
      {-0x1.16027751c91e4p+0, -0x1.815a63d0c62acp+0, 0x1.fffffff768fa1p-1, 0x1.0ed973a9974cdp-4},
      {-0x1.05d75e8ddd6c0p-2, -0x1.bc1f69eee10a4p+0, 0x1.fffffff768fa1p-1, 0x1.5303146d6c392p-5},
      {0x1.dbd91cfe5de20p+0, 0x1.be513e77d1568p+0, 0x1.fffffff768fa1p-1, 0x1.eb329bd15b42cp-1},
      {-0x1.58b9ef9cb135ep+1, -0x1.09b1ace984730p+1, 0x1.fffffff768fa1p-1, 0x1.cfd52c71949e3p-9},
      {0x1.60a3413571e10p+0, 0x1.c30da8859f34cp+1, 0x1.fffffff768fa1p-1, 0x1.d4e653f6296fep-1},
      {0x1.2abfca9bd2814p-2, 0x1.2abc27c7c9c6cp-2, 0x1.fffffff768fa1p-1, 0x1.3ac08be235cadp-1},
      {0x1.e6d78f22a6aaap-1, 0x1.e6ca9dc8bbc91p-1, 0x1.fffffff768fa1p-1, 0x1.a884c6a32a455p-1},
      {-0x1.c1ac1e4602fc4p+0, 0x1.c1afc7539cda6p+0, 0x1.fffffff768fa1p-1, 0x1.4392e62e6d713p-5},
      {-0x1.6ff2d5a9158e0p-2, 0x1.6fdafa0ddecc4p-2, 0x1.fffffff768fa1p-1, 0x1.704eec790eeb0p-2},
      {0x1.8ca04b57975b0p-1, 0x1.f55b296b2b918p+2, 0x1.fffffff768fa1p-1, 0x1.8fbbd231b46ccp-1},
      {0x1.364ff48587ea0p-2, -0x1.332c3a0f7c9f4p+1, 0x1.fffffff768fa1p-1, 0x1.0cc5e72b8e999p-7},
      {-0x1.9fef0ca4488c4p+1, -0x1.b7128861aa24cp+1, -0x1.fffffffffdcd1p-1, 0x0.0p+0},
      {0x1.985ceb66cf0c6p+1, -0x1.21a98e8762f40p-4, -0x1.fffffffffdcd1p-1, 0x1.e26826368410fp-2},
      {0x1.be31a2bc52696p+1, -0x1.c8f2bfa89a4f8p+1, -0x1.fffffffffdcd1p-1, 0x0.0p+0},
      {-0x1.06b1792d895b6p+1, -0x1.cc54ce40549b2p+1, -0x1.fffffffffdcd1p-1, 0x0.0p+0},
      {-0x1.a494ec6fd8e40p-1, -0x1.c26afcf9de60cp+1, -0x1.fffffffffdcd1p-1, 0x0.0p+0},
      {-0x1.f4e1172aa47d8p+0, -0x1.7afeaf1bb6050p-1, -0x1.fffffffffdcd1p-1, 0x0.0p+0},
      {-0x1.8d6aab5c089d8p+0, -0x1.cb6d360ffd3c6p+1, -0x1.fffffffffdcd1p-1, 0x0.0p+0},
      {-0x1.d97e310661f42p+1, 0x1.e2f19518e548cp+1, -0x1.fffffffffdcd1p-1, 0x1.cd7c1ca00d959p-16},
      {-0x1.484eeba6f2528p-1, -0x1.484eb1be21c7fp-1, -0x1.fffffffffdcd1p-1, 0x0.0p+0},
      {-0x1.8ff18f9fb6c00p-3, -0x1.8fee472d52259p-3, -0x1.fffffffffdcd1p-1, 0x0.0p+0},
      {-0x1.a99d99095a380p+0, 0x1.a99b288c4d233p+0, -0x1.fffffffffdcd1p-1, 0x1.af7a2633cf4f3p-534},
      {-0x1.916d94f4e31c0p+0, 0x1.916e21ac912cap+0, -0x1.fffffffffdcd1p-1, 0x1.06afdd8a90574p-20},
      {0x1.af69ed94ba53ap+2, 0x1.9294e026970c8p+0, -0x1.fffffffffdcd1p-1, 0x1.e259f06bdf21dp-1},
      {0x1.6d54495d75498p+2, -0x1.2471c4b001b20p+2, -0x1.fffffffffdcd1p-1, 0x1.4768f10d92f8fp-19},
      {-0x1.ee2c86c786614p+1, 0x1.44ac996e32570p-2, 0x0.0p+0, 0x1.28100df56cee7p-15},
      {-0x1.b90e693aa6f40p-4, 0x1.248b6f8947040p-1, 0x0.0p+0, 0x1.4f3766fb48ccfp-2},
      {-0x1.f9543af492f78p-1, 0x1.00340c21fb070p+0, 0x0.0p+0, 0x1.16e7f843f7590p-3},
      {0x1.ce1ba00329940p+0, 0x1.a6e92060ca766p+1, 0x0.0p+0, 0x1.ed92eb23857e1p-1},
      {-0x1.8a03424fb7908p+0, -0x1.a172c46f184a0p-2, 0x0.0p+0, 0x1.5a89b92e1bf5fp-6},
      {0x1.4e3fec7ff5964p+1, -0x1.1aa6ae39074a6p+1, 0x0.0p+0, 0x1.bc1dd95d57128p-7},
      {-0x1.898964ee3e898p+1, -0x1.819a3b844b808p+0, 0x0.0p+0, 0x1.23d8756d8fea3p-14},
      {-0x1.a643189c2c0dep+1, 0x1.16f153a1b9bdap+1, 0x0.0p+0, 0x1.f565ee673082dp-12},
      {0x1.471aabb388512p-1, 0x1.33ec6bfd6fe82p-1, 0x0.0p+0, 0x1.129c031aaebc8p-1},
      {-0x1.7b1229bb4b776p-1, -0x1.a5eb2268d2c70p-1, 0x0.0p+0, 0x1.8162ea321f9a7p-5},
      {-0x1.054628a6c300ep+0, 0x1.dff0be24a5e65p-1, 0x0.0p+0, 0x1.03f455fe29f2ap-3},
      {-0x1.243fc810807f8p-2, 0x1.3407eefa0cc32p-2, 0x0.0p+0, 0x1.ead5877971ff6p-3},
      {-0x1.04b96adcb1848p+2, -0x1.c11542c0f0822p+2, 0x0.0p+0, 0x1.e3bf706fa78a8p-56},
      {0x1.9ad56d3fafd1cp+1, -0x1.ced0eea5f05c4p+2, 0x0.0p+0, 0x1.0cbb3e4decaecp-42},
  };
  double worst = 0;
  for (Row const& row : rows) {
    double const error = std::fabs(mk::bivariate_norm_cdf(row.x, row.y, row.rho) - row.p);
    EXPECT_LE(error, 1e-15) << row.x << " " << row.y << " " << row.rho;
    worst = std::max(worst, error);
  }
  std::printf("bivariate_norm_cdf: %.2g absolute, bound 1e-15\n", worst);
}

std::vector<double> correlations() {
  std::vector<double> out = draw<double>({-1, 1, 200}, 41);
  for (double e : draw<double>({-50, -1, 100, Spacing::powers_of_two}, 43)) {
    out.push_back(1 - e);
    out.push_back(e - 1);
    out.push_back(e);
  }
  for (double seam : {0.925, -0.925}) {
    for (double at : {seam, std::nextafter(seam, 0.0), std::nextafter(seam, 2 * seam)})
      out.push_back(at);
  }
  return out;
}

TEST(Bivariate, AtTheOriginItIsSheppards) {
  for (double rho : correlations()) {
    Mpfr const angle = apply(mpfr_asin, Mpfr(rho));
    double const want = (Mpfr(0.25) + angle / (Mpfr(2) * pi())).to_double();
    EXPECT_NEAR(mk::bivariate_norm_cdf(0, 0, rho), want, 1e-15) << rho;
  }
}

TEST(Bivariate, IsSymmetricAndComplementary) {
  std::vector<double> const xs = draw<double>({-5, 5, 1000}, 45),
                            ys = draw<double>({-5, 5, 1000}, 47);
  std::vector<double> const rhos = correlations();
  for (std::size_t i = 0; i < xs.size(); ++i) {
    double const x = xs[i], y = ys[i], rho = rhos[i % rhos.size()];
    double const p = mk::bivariate_norm_cdf(x, y, rho);
    EXPECT_NEAR(p, mk::bivariate_norm_cdf(y, x, rho), 1e-15) << x << " " << y << " " << rho;
    // P(X <= x) is split by the sign of Y - y, and -Y has correlation -rho.
    EXPECT_NEAR(p + mk::bivariate_norm_cdf(x, -y, -rho), mk::norm_cdf(x), 1e-15)
        << x << " " << y << " " << rho;
  }
}

TEST(Bivariate, SpecialValues) {
  for (double x : {-3.0, 0.0, 0.7, 2.0}) {
    for (double rho : {-1.0, -0.99, -0.3, 0.0, 0.5, 0.95, 1.0}) {
      EXPECT_EQ(mk::bivariate_norm_cdf(x, -inf, rho), 0);
      EXPECT_EQ(mk::bivariate_norm_cdf(-inf, x, rho), 0);
      EXPECT_NEAR(mk::bivariate_norm_cdf(x, inf, rho), mk::norm_cdf(x), 1e-16);
      EXPECT_NEAR(mk::bivariate_norm_cdf(inf, x, rho), mk::norm_cdf(x), 1e-16);
    }
    EXPECT_NEAR(mk::bivariate_norm_cdf(x, 0.4, 1), std::min(mk::norm_cdf(x), mk::norm_cdf(0.4)),
                1e-16);
    EXPECT_NEAR(mk::bivariate_norm_cdf(x, 0.4, -1),
                std::max(0.0, mk::norm_cdf(x) - mk::norm_cdf(-0.4)), 2e-16);
    EXPECT_NEAR(mk::bivariate_norm_cdf(x, 0.4, 0), mk::norm_cdf(x) * mk::norm_cdf(0.4), 1e-16);
  }
  expect_same(mk::bivariate_norm_cdf(0, 0, 1.5), quiet_nan, "rho beyond one");
  expect_same(mk::bivariate_norm_cdf(0, 0, quiet_nan), quiet_nan, "rho nan");
  expect_same(mk::bivariate_norm_cdf(quiet_nan, 0, 0.5), quiet_nan, "x nan");
  expect_same(mk::bivariate_norm_cdf(0, quiet_nan, 0.95), quiet_nan, "y nan");
}

}  // namespace
