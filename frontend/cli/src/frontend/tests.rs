//! The frontend against a solver that answers from memory.
