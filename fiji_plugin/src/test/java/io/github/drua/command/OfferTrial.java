package io.github.drua.command;

import ij.IJ;
import ij.ImageJ;
import ij.gui.GenericDialog;
import ij.plugin.PlugIn;
import java.awt.Button;
import java.awt.EventQueue;
import java.awt.Robot;
import java.awt.event.ActionEvent;
import java.io.File;
import javax.imageio.ImageIO;

/** An ImageJ without a Python in which somebody segments, is asked, and answers. */
public final class OfferTrial {
  private OfferTrial() {}

  /**
   * Prints how the command ended.
   *
   * @param args the label of the button to press, a file for a picture of the dialog, and the
   *     command
   */
  public static void main(String[] args) throws Exception {
    new ImageJ(ImageJ.EMBEDDED).setVisible(true);
    IJ.createImage("field.tif", "8-bit ramp", 97, 71, 1).show();
    PlugIn command =
        (PlugIn) Class.forName(OwnCommands.classes().get(args[2])).getConstructor().newInstance();
    EventQueue.invokeLater(() -> command.run(""));
    GenericDialog dialog = await();
    Thread.sleep(500); // the modal loop and the window manager take their time
    ImageIO.write(new Robot().createScreenCapture(dialog.getBounds()), "png", new File(args[1]));
    for (Button button : dialog.getButtons()) {
      if (button != null && button.getLabel().equals(args[0])) {
        ActionEvent click =
            new ActionEvent(button, ActionEvent.ACTION_PERFORMED, button.getLabel());
        EventQueue.invokeLater(() -> button.getActionListeners()[0].actionPerformed(click));
      }
    }
    while (Status.last() == null) {
      Thread.sleep(20);
    }
    System.out.println(Status.last());
    System.exit(0);
  }

  private static GenericDialog await() throws InterruptedException {
    while (GenericDialog.getInstance() == null || !GenericDialog.getInstance().isShowing()) {
      Thread.sleep(20);
    }
    return GenericDialog.getInstance();
  }
}
