// Classifies a picture and writes the answer to the serial port. `npm run model` writes model.c and model.h beside this file.
extern "C" {
#include "model.h"
}

static uint8_t pixels[MODEL_INPUT_SIZE]; // 28 x 28 grey bytes, light on dark: from your camera
static float scores[MODEL_OUTPUT_SIZE];

void setup() { Serial.begin(115200); }

void loop() {
  // A bar down the middle, in place of a camera.
  for (int i = 0; i < MODEL_INPUT_SIZE; i++) {
    const int x = i % 28, y = i / 28;
    pixels[i] = x > 12 && x < 16 && y > 3 && y < 24 ? 255 : 0;
  }
  const unsigned long started = micros();
  model_run(pixels, scores);
  const unsigned long took = micros() - started;
  int best = 0;
  for (int i = 1; i < MODEL_OUTPUT_SIZE; i++)
    if (scores[i] > scores[best]) best = i;
  Serial.print(best);
  Serial.print(" in ");
  Serial.print(took);
  Serial.println(" us");
  delay(1000);
}
