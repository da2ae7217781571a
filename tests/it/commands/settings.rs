//! `settings`: what is saved, from the command line.
