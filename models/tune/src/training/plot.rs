//! Curves as an SVG file, to be looked at in any browser.

use std::fmt::Write;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 400.0;
const EDGE: f64 = 50.0;

/// A curve: its name, its color and its points.
pub struct Curve<'a> {
    /// Shown in the corner.
    pub name: &'a str,
    /// As SVG names it.
    pub color: &'a str,
    /// x and y.
    pub points: Vec<(f64, f64)>,
}

/// Draws curves over common axes.
pub fn svg(title: &str, curves: &[Curve]) -> String {
    let finite = |points: &[(f64, f64)]| points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect::<Vec<_>>();
    let all: Vec<(f64, f64)> = curves.iter().flat_map(|curve| finite(&curve.points)).collect();
    let range = |pick: fn(&(f64, f64)) -> f64| {
        let low = all.iter().map(pick).fold(f64::INFINITY, f64::min);
        let high = all.iter().map(pick).fold(f64::NEG_INFINITY, f64::max);
        if low < high { (low, high) } else { (low.min(0.0).min(high), low.max(1.0)) }
    };
    let (xs, ys) = if all.is_empty() { ((0.0, 1.0), (0.0, 1.0)) } else { (range(|point| point.0), range(|point| point.1)) };
    let place = |(x, y): (f64, f64)| {
        let across = EDGE + (x - xs.0) / (xs.1 - xs.0) * (WIDTH - 2.0 * EDGE);
        (across, HEIGHT - EDGE - (y - ys.0) / (ys.1 - ys.0) * (HEIGHT - 2.0 * EDGE))
    };
    let mut text = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\">\n");
    text.push_str("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
    let _ = writeln!(text, "<text x=\"{EDGE}\" y=\"30\" font-size=\"16\">{title}</text>");
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let (x, y) = (xs.0 + share * (xs.1 - xs.0), ys.0 + share * (ys.1 - ys.0));
        let ((across, _), (_, down)) = (place((x, ys.0)), place((xs.0, y)));
        let right = WIDTH - EDGE;
        let _ = writeln!(text, "<path d=\"M{EDGE} {down:.1}H{right}\" stroke=\"#ddd\"/>");
        let _ = writeln!(text, "<text x=\"4\" y=\"{down:.1}\" font-size=\"11\">{y:.3}</text>");
        let _ = writeln!(text, "<text x=\"{across:.1}\" y=\"{}\" font-size=\"11\">{x:.0}</text>", HEIGHT - EDGE + 18.0);
    }
    for (number, curve) in curves.iter().enumerate() {
        let points: Vec<String> = finite(&curve.points).into_iter().map(place).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(text, "<polyline fill=\"none\" stroke=\"{}\" points=\"{}\"/>", curve.color, points.join(" "));
        let down = 30.0 + 16.0 * number as f64;
        let _ = writeln!(text, "<text x=\"640\" y=\"{down}\" font-size=\"12\" fill=\"{}\">{}</text>", curve.color, curve.name);
    }
    text.push_str("</svg>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_runs_from_corner_to_corner() {
        let drawn = svg("loss", &[Curve { name: "loss", color: "blue", points: vec![(0.0, 2.0), (f64::NAN, 1.0), (10.0, 0.0)] }]);
        assert!(drawn.contains("points=\"50.0,50.0 750.0,350.0\""), "{drawn}");
    }
}
