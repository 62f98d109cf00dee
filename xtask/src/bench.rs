//! What the product costs, measured beside what people use today, in one run on one daemon.
//!
//! [`conda`] builds one conda environment, locked, beside a Dockerfile that installs it;
//! [`services`] builds the three services of examples/clx by `layercake build` and by `docker buildx bake` over
//! their Dockerfiles; [`plan`] plans generated files of many stages; [`explain`] says what builds will do;
//! [`replay`] counts a generated history of many commits; [`edits`] holds what is foretold of random edits against what happens. Numbers are printed, and beside them whether
//! the product's promises hold; a promise that does not hold is shown and is no error, as machines differ.

mod conda;
mod contender;
mod edits;
mod explain;
mod generate;
mod history;
mod memory;
mod plan;
mod progress;
mod project;
mod random;
mod replay;
mod services;
mod table;

pub use conda::conda;
pub use edits::edits;
pub use explain::explain;
pub use plan::plan;
pub use replay::replay;
pub use services::services;
