//! A course of lessons: how long each step is, and how it is told how it goes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;

/// What part of the longest step is left at the end.
const LAST: f64 = 0.05;

/// How a course is given.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// How many steps are made.
    pub steps: usize,
    /// How long the longest step is, ...
    pub rate: f64,
    /// ... and over how many steps it grows to that; then it falls with a cosine.
    pub warm_up: usize,
    /// How often is told how it goes.
    pub tell: usize,
}

impl Course {
    /// The length of a step, counted from 1.
    fn rate(&self, number: usize) -> f64 {
        let grown = (number as f64 / self.warm_up as f64).min(1.0);
        let falling = (1.0 + (std::f64::consts::PI * number as f64 / self.steps as f64).cos()) / 2.0;
        self.rate * grown * (LAST + (1.0 - LAST) * falling)
    }

    /// Makes all steps: each gets its length and gives its loss. Prints the mean loss now and then.
    ///
    /// # Errors
    /// Those of a step.
    pub fn give(&self, mut step: impl FnMut(f64) -> anyhow::Result<f32>) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut losses = 0.0;
        for number in 1..=self.steps {
            losses += step(self.rate(number))?;
            if number % self.tell == 0 || number == self.steps {
                let since = (number - 1) % self.tell + 1;
                println!("{number:>5} loss {:.3} {:.0} s", losses / since as f32, began.elapsed().as_secs_f32());
                losses = 0.0;
            }
        }
        Ok(())
    }
}

/// A file that takes its place only when it is whole: what is there stays until there is something better.
pub struct Unfinished {
    file: BufWriter<File>,
    path: PathBuf,
    place: PathBuf,
}

impl Unfinished {
    /// Begins it, before the work: a folder that cannot be written to is told of now and not after an hour.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(place: &Path) -> anyhow::Result<Self> {
        let path = place.with_extension("unfinished");
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Unfinished { file: BufWriter::new(file), path, place: place.to_owned() })
    }

    /// Has it written, and puts it in its place.
    ///
    /// # Errors
    /// When it cannot be written or moved.
    pub fn finish(mut self, write: impl FnOnce(&mut BufWriter<File>) -> candle_core::Result<()>) -> anyhow::Result<()> {
        let cannot_write = |path: &Path| format!("cannot write {}", path.display());
        write(&mut self.file).with_context(|| cannot_write(&self.path))?;
        self.file.flush().with_context(|| cannot_write(&self.path))?;
        std::fs::rename(&self.path, &self.place).with_context(|| cannot_write(&self.place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_and_then_fall() {
        let course = Course { steps: 600, rate: 1e-3, warm_up: 20, tell: 25 };
        let rate = |number| course.rate(number);
        assert!(rate(1) < rate(20) && rate(20) > rate(300) && rate(300) > rate(600));
        assert!((rate(600) - 1e-3 * LAST).abs() < 1e-9);
    }

    #[test]
    fn every_step_is_made_once_and_a_failing_one_ends_the_course() -> anyhow::Result<()> {
        let course = Course { steps: 7, rate: 1.0, warm_up: 2, tell: 3 };
        let mut made = 0;
        course.give(|_| {
            made += 1;
            Ok(0.5)
        })?;
        assert_eq!(made, 7);
        assert!(course.give(|_| anyhow::bail!("no memory")).is_err());
        Ok(())
    }

    #[test]
    fn what_is_there_stays_until_the_new_one_is_whole() -> anyhow::Result<()> {
        let folder = tempfile::TempDir::new()?;
        let place = folder.path().join("adapter.gguf");
        std::fs::write(&place, "before")?;
        let fails = |_: &mut BufWriter<File>| candle_core::bail!("the disk is full");
        assert!(Unfinished::begin(&place)?.finish(fails).is_err());
        assert_eq!(std::fs::read_to_string(&place)?, "before");
        Unfinished::begin(&place)?.finish(|file| Ok(file.write_all(b"after")?))?;
        assert_eq!(std::fs::read_to_string(&place)?, "after");
        Ok(())
    }
}
