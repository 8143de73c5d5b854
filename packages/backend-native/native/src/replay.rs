//! Runs programs that `scripts/dump-programs.ts` has written, in the folder BITGRAD_PROGRAMS, with every set of instructions.
use crate::isa;
use crate::program::{Image, Layout, Program};
use std::fs;

struct Reader(Vec<u8>, usize);

impl Reader {
    fn word(&mut self) -> usize {
        self.1 += 8;
        u64::from_le_bytes(self.0[self.1 - 8..self.1].try_into().unwrap()) as usize
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        self.1 += count;
        self.0[self.1 - count..self.1].to_vec()
    }

    fn image(&mut self) -> Image {
        let mut word = || self.word();
        Image { at: word() as isize, lines: word(), pixels: word(), bytes: word(), pixel: word() as isize, pitch: word() as isize }
    }
}

#[test]
fn programs_give_their_outputs() {
    let Ok(folder) = std::env::var("BITGRAD_PROGRAMS") else {
        eprintln!("skipped: BITGRAD_PROGRAMS names no folder");
        return;
    };
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        for name in isa::available() {
            let mut file = Reader(fs::read(&path).unwrap(), 0);
            let layout = Layout {
                total_bytes: file.word(),
                arena_at: file.word() as isize,
                program_at: file.word() as isize,
                groups: file.word(),
                scratch_at: file.word() as isize,
                scratch_bytes: file.word(),
                limit_bytes: usize::MAX,
            };
            let threads = file.word();
            let (input, output) = (file.image(), file.image());
            let lengths = [file.word(), file.word(), file.word()];
            let noise = vec![0xa5; layout.total_bytes - layout.arena_at as usize];
            let [image, given, expected] = lengths.map(|length| file.bytes(length));
            let made = Program::new(&image, layout, name, threads, input, output);
            let mut program = made.unwrap_or_else(|_| panic!("{path:?} with {name} is refused"));
            program.soil(&noise);
            let mut results = vec![0; expected.len()];
            program.run(&given, &mut results).unwrap();
            // Numbers of 4 bytes; any NaN is as good as another.
            for (i, (a, b)) in results.chunks(4).zip(expected.chunks(4)).enumerate() {
                let [x, y] = [a, b].map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
                assert!(a == b || (x.is_nan() && y.is_nan()), "{path:?} with {name} differs at {i}: {x} is not {y}");
            }
        }
    }
}
