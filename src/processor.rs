//! Whether the processor has what the program was compiled for: without it the program would end in the middle of
//! something, with "illegal instruction" as its last words.
//!
//! The models' own kernels are chosen at run time and need no such check.

/// What a program compiled for x86-64-v3 takes for granted, by the system's names.
const NEEDED: [&str; 4] = ["avx2", "fma", "bmi2", "f16c"];

/// What to tell whoever starts the program here; nothing where it can run, or where the system does not say.
pub fn refusal() -> Option<String> {
    if !cfg!(all(target_arch = "x86_64", target_feature = "avx2")) {
        return None;
    }
    let lacking = lacking(&std::fs::read_to_string("/proc/cpuinfo").ok()?)?;
    Some(format!(
        "this program was built for processors with {lacking}, which this one does not have; build it on this machine \
         with `cargo build --release`"
    ))
}

/// The first of what is needed that a processor lacks, by what `/proc/cpuinfo` tells of it.
fn lacking(told: &str) -> Option<&'static str> {
    let flags = told.lines().find_map(|line| line.strip_prefix("flags")?.trim_start().strip_prefix(':'))?;
    NEEDED.into_iter().find(|needed| !flags.split_whitespace().any(|flag| flag == *needed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_processor_lacks_is_named() {
        let told = "processor\t: 0\nflags\t\t: fpu sse2 avx2 fma bmi1 bmi2 f16c\nbugs\t\t: none\n";
        assert_eq!(lacking(told), None);
        assert_eq!(lacking(&told.replace("avx2 ", "")), Some("avx2"));
        assert_eq!(lacking(&told.replace("bmi2 ", "")), Some("bmi2"));
        assert_eq!(lacking("Features\t: fp asimd\n"), None);
    }

    #[test]
    fn the_machine_that_runs_this_is_not_refused() {
        assert_eq!(refusal(), None);
    }
}
