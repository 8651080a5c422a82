const SCALE = 2; // for screens with many pixels

/** Give every link to an SVG drawing, `[data-png]`, a button that saves it as PNG. */
export function pictureButtons(root) {
  for (const link of root.querySelectorAll("a[data-png]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = link.dataset.png;
    button.addEventListener("click", () => save(link.href));
    link.after(" ", button);
  }
}

async function save(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth * SCALE;
  canvas.height = image.naturalHeight * SCALE;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = new URL(address).pathname.split("/").pop().replace(/svg$/, "png");
  link.click();
  URL.revokeObjectURL(link.href);
}
