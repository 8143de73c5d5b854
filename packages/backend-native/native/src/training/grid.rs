//! Where the positions of images are, and which of them the lanes of a vector have; see signed_rows.rs.

/// How the rows of n images, h each, are dealt out to the lanes: `strips` of each of `images` at a time, of `rows` rows. Few images
/// are cut into many strips; of ways with as much work the one with the fewest, which have the fewest neighbours.
pub struct Deal {
    pub images: isize,
    pub strips: isize,
    pub rows: isize,
}

impl Deal {
    pub fn new(lanes: usize, n: isize, h: isize) -> Self {
        let lanes = lanes as isize;
        let of = |images: isize| Self { images, strips: lanes / images, rows: (h * images + lanes - 1) / lanes };
        let ways = [16, 8, 4, 2, 1].into_iter().filter(|&images| images <= lanes).map(of);
        ways.min_by_key(|deal| deal.batches(n) * deal.rows).unwrap()
    }

    /// How often `images` images are taken.
    pub fn batches(&self, n: isize) -> isize {
        (n + self.images - 1) / self.images
    }
}

/// A grid [n][h][w] of positions, and the part of it [n][rows][cols] that has `step` numbers for each.
pub struct Grid {
    pub n: isize,
    pub h: isize,
    pub w: isize,
    pub rows: isize,
    pub cols: isize,
    pub step: isize,
}

impl Grid {
    /// The addresses of positions from `start` on, null where the grid has no numbers.
    #[inline(always)]
    pub fn addresses(&self, base: *mut f32, start: isize, list: &mut [*mut f32]) {
        let (mut q, mut rest) = (start, list);
        while !rest.is_empty() {
            let (line, z) = (q.div_euclid(self.w), q.rem_euclid(self.w));
            let (image, y) = (line.div_euclid(self.h), line.rem_euclid(self.h));
            let (row, after) = rest.split_at_mut(rest.len().min((self.w - z) as usize));
            let there = if (0..self.n).contains(&image) && y < self.rows { self.cols - z } else { 0 };
            let first = base.wrapping_offset(((image * self.rows + y) * self.cols + z) * self.step);
            for (i, address) in row.iter_mut().enumerate() {
                let i = i as isize;
                *address = if i < there { first.wrapping_offset(i * self.step) } else { std::ptr::null_mut() };
            }
            q += row.len() as isize;
            rest = after;
        }
    }
}
