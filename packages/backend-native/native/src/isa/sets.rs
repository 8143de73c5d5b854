//! Which features of the processor a set of instructions is: one list, for what is compiled and for what is looked for.
//!
//! Kernels with intrinsics (isa/, training/lanes/) name the few features that those need, and not all of the set: the compiler
//! would be free to choose other instructions than were measured. A test compares what they name with the lists.

/// Gives a macro the features of a set, and what else there is for it. The baseline is what every processor of the target has.
macro_rules! features_of {
    (baseline, $then:ident $(, $more:tt)*) => { $then! { [] $($more)* } };
    (avx2, $then:ident $(, $more:tt)*) => { $then! { ["avx2" "popcnt" "bmi1" "bmi2"] $($more)* } };
    // AVX2's too: some of its kernels serve here as well.
    (avx512, $then:ident $(, $more:tt)*) => {
        $then! { [
            "avx2" "popcnt" "bmi1" "bmi2"
            "avx512f" "avx512bw" "avx512vl" "avx512dq" "avx512vpopcntdq" "avx512vnni"
        ] $($more)* }
    };
}
pub(crate) use features_of;

/// A function for a set of instructions: `compiled_for!(avx2, fn ...)`.
macro_rules! compiled_for {
    ([] $function:item) => { $function };
    ([$($feature:tt)+] $function:item) => { #[target_feature($(enable = $feature),+)] $function };
    ($set:ident, $function:item) => { $crate::isa::sets::features_of! { $set, compiled_for, $function } };
}
pub(crate) use compiled_for;

/// Whether the processor has a set of instructions.
#[cfg(target_arch = "x86_64")]
macro_rules! detected {
    ([$($feature:tt)+]) => { $(is_x86_feature_detected!($feature))&&+ };
    ($set:ident) => { features_of!($set, detected) };
}

/// The names of the sets that run here, best first.
pub fn available() -> Vec<&'static str> {
    let mut names = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        if detected!(avx512) {
            names.push("avx512");
        }
        if detected!(avx2) {
            names.push("avx2");
        }
    }
    #[cfg(target_arch = "aarch64")]
    names.push("neon");
    names.extend(["portable", "portable-bytes"]);
    names
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::available;

    /// The features of a set, and whether the processor has them.
    macro_rules! each {
        ([$($feature:tt)+]) => { [$(($feature, is_x86_feature_detected!($feature))),+] };
    }

    #[test]
    fn sets_that_run_have_all_their_features() {
        for (name, features) in [("avx512", &features_of!(avx512, each)[..]), ("avx2", &features_of!(avx2, each)[..])] {
            assert_eq!(available().contains(&name), features.iter().all(|&(_, has)| has), "{name}");
        }
    }

    #[test]
    fn kernels_name_features_of_their_set() {
        let (avx512, avx2) = (features_of!(avx512, each), features_of!(avx2, each));
        for (features, source) in [
            (&avx512[..], include_str!("avx512.rs")),
            (&avx512[..], include_str!("../training/lanes/avx512.rs")),
            (&avx2[..], include_str!("avx2.rs")),
            (&avx2[..], include_str!("../training/lanes/avx2.rs")),
        ] {
            let lists = source.split("enable = \"").skip(1).map(|rest| rest.split('"').next().unwrap());
            for name in lists.flat_map(|list| list.split(',')) {
                assert!(features.iter().any(|&(feature, _)| feature == name), "{name}");
            }
        }
        assert!(avx2.iter().all(|feature| avx512.contains(feature)));
    }
}
