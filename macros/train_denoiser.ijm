// Train a denoiser
//
// Learns to remove the noise of your own image or movie, installs the model and uses it. It needs
// no clean images, no labels and no GPU, but PyTorch in Drua's Python environment:
//     run("Drua Python Environment...", "action=create device=torch");
//
// In Fiji:   open a raw image, then run this macro (Plugins > Macros > Run...). To watch the training
//            and to stop it when it is good enough, use Plugins > Drua > Drua Train Denoiser...
// Headless:  .venv/bin/drua macro macros/train_denoiser.ijm "/data/movie.tif|/data/results|my-denoiser|5"
//            The argument is the image, the folder for the results, the name of the model and the
//            minutes to spend, with a | between them.
//
// The training is kept in a folder of Drua's (folder=[...] for another one). After an interruption
// the same line with resume=true goes on with it. To run this macro again for other images, change the
// name, or add replace=true: the earlier training is then kept beside the new one.

name = "my-denoiser";
minutes = 5;
folder = "";
if (getArgument() != "") {
    parts = split(getArgument(), "|");
    if (parts.length != 4)
        exit("The argument must be: input image|output folder|name|minutes");
    open(parts[0]);
    folder = parts[1];
    name = parts[2];
    minutes = parts[3];
}

run("Drua Train Denoiser...", "name=" + name + " minutes=" + minutes);
run("Drua Denoise...", "model=" + name + " save=[" + folder + "]");

// The denoised image is now the active image.
print("denoised by " + getInfo("model"));
