//! Figures of several runs: median, spread, and the ratio to nginx run by run.

use serde_json::{Value, json};

/// What a figure must not exceed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    /// The gateway's value over nginx's of the same run, median of all runs.
    Ratio(f64),
    /// The gateway's median.
    Value(f64),
    /// Shown, not judged.
    None,
}

/// One line of the report.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) bar: Bar,
    /// One value a run.
    pub(crate) gateway: Vec<f64>,
    /// Of the same runs; empty when nginx has no such figure.
    pub(crate) nginx: Vec<f64>,
}

impl Figure {
    pub(crate) fn new(name: &'static str, unit: &'static str, bar: Bar) -> Figure {
        Figure { name, unit, bar, gateway: Vec::new(), nginx: Vec::new() }
    }

    /// The gateway's values over nginx's, run by run.
    fn ratios(&self) -> Vec<f64> {
        self.gateway.iter().zip(&self.nginx).map(|(ours, theirs)| ours / theirs).collect()
    }

    /// Whether the bar is held; `None` without a bar.
    pub(crate) fn holds(&self) -> Option<bool> {
        match self.bar {
            Bar::Ratio(most) => Some(median(&self.ratios()) <= most),
            Bar::Value(most) => Some(median(&self.gateway) <= most),
            Bar::None => None,
        }
    }

    /// A line of the table.
    pub(crate) fn row(&self) -> String {
        let (bar, verdict) = match (self.bar, self.holds()) {
            (Bar::Ratio(most), Some(held)) => {
                (format!("<= {most:.2} x"), if held { "held" } else { "MISSED" })
            }
            (Bar::Value(most), Some(held)) => (format!("<= {most:.0}"), if held { "held" } else { "MISSED" }),
            _ => (String::new(), ""),
        };
        let ratios = self.ratios();
        let ratio = if ratios.is_empty() { String::new() } else { format!("{} x", shown(&ratios)) };
        let nginx = if self.nginx.is_empty() { String::new() } else { shown(&self.nginx) };
        format!(
            "{:<34} {:<5} {:>23} {:>23} {:>22} {:>9} {verdict}",
            self.name,
            self.unit,
            shown(&self.gateway),
            nginx,
            ratio,
            bar
        )
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "figure": self.name,
            "unit": self.unit,
            "gateway": {"median": median(&self.gateway), "runs": self.gateway},
            "nginx": {"median": median(&self.nginx), "runs": self.nginx},
            "ratio": {"median": median(&self.ratios()), "runs": self.ratios()},
            "bar": match self.bar {
                Bar::Ratio(most) => json!({"ratio": most}),
                Bar::Value(most) => json!({"value": most}),
                Bar::None => Value::Null,
            },
            "held": self.holds(),
        })
    }
}

/// The heading of the table.
pub(crate) fn heading(measure: &str) -> String {
    let (figure, unit) = ("figure: median (least-most)", "unit");
    let (gateway, ratio, bar) = ("gateway", "ratio, run by run", "bar");
    format!("{figure:<34} {unit:<5} {gateway:>23} {measure:>23} {ratio:>22} {bar:>9}")
}

/// The middle value, or the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
    }
}

/// Median and spread.
fn shown(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let digits = if median(values) >= 100.0 { 0 } else { 2 };
    match values.len() {
        0 => "not measured".to_owned(),
        1 => format!("{least:.digits$}"),
        _ => format!("{:.digits$} ({least:.digits$}-{most:.digits$})", median(values)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_taken_run_by_run() {
        let mut figure = Figure::new("x", "us", Bar::Ratio(2.0));
        (figure.gateway, figure.nginx) = (vec![10.0, 40.0, 30.0], vec![10.0, 20.0, 10.0]);
        assert_eq!(figure.ratios(), [1.0, 2.0, 3.0]);
        assert_eq!(figure.holds(), Some(true));
        figure.nginx[1] = 10.0;
        assert_eq!(figure.holds(), Some(false));
    }

    #[test]
    fn the_median_of_an_even_count_lies_between() {
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert!(median(&[]).is_nan());
    }
}
