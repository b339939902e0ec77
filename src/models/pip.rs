//! Runs the machine's own `pip` to download a package.
//!
//! It names no registry: pip asks the one that the machine is configured for.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::Command;

use super::pull::PullError;

/// A Python that has pip.
#[derive(Clone, Debug)]
pub struct Python {
    program: PathBuf,
}

impl Python {
    /// The first of the programs that is there and has pip.
    pub async fn find(programs: &[PathBuf]) -> Result<Python, PullError> {
        let mut without_pip = None;
        for program in programs {
            match output(Command::new(program).args(["-m", "pip", "--version"])).await {
                Ok(answer) if answer.status.success() => return Ok(Python { program: program.clone() }),
                Ok(_) => without_pip = Some(program.clone()),
                // Not there, or not allowed: the next one may be.
                Err(_) => {}
            }
        }
        Err(without_pip.map_or(PullError::NoPython, |program| PullError::NoPip { program }))
    }

    /// Downloads `name==version` into `folder`, its temporary files included, so that a small `/tmp` does no harm.
    pub async fn download(&self, package: &str, platform: Option<&str>, folder: &Path) -> Result<(), PullError> {
        let mut command = Command::new(&self.program);
        command.args(["-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--no-input"]);
        // Only built packages: building one would run its code.
        command.args(["--disable-pip-version-check", "--only-binary=:all:"]);
        if let Some(platform) = platform {
            command.args(["--platform", platform]);
        }
        command.arg("--dest").arg(folder).arg(package).env("TMPDIR", folder);
        let answer = output(&mut command).await.map_err(PullError::at(&self.program))?;
        if answer.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&answer.stderr);
        if said.contains("No space left on device") {
            return Err(PullError::DiskFull { folder: folder.to_owned() });
        }
        let package = package.to_owned();
        Err(PullError::Package { package, reason: last_lines(&said) })
    }
}

/// Runs to the end; the program ends with us.
async fn output(command: &mut Command) -> io::Result<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).output().await
}

/// What pip said last, which is what matters.
fn last_lines(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [] => "pip said nothing".to_owned(),
        lines => lines[lines.len().saturating_sub(3)..].join(" | "),
    }
}
